// SPDX-License-Identifier: Apache-2.0
//
// The older client's query_device: over all programs, right after a report, and still after the collector was killed and
// started again.
#include <doctest/doctest.h>

#include <allocation_client.hpp>

#include "process/collector_daemon.hpp"

namespace tidemark::test {
namespace {

using tt::tt_metal::query_device;

// A client_subject and what it says.
class Subject {
public:
    Subject(const std::string& instance, const std::string& device, const std::string& size,
            const std::string& type) {
        int input[2];
        REQUIRE(pipe2(input, O_CLOEXEC) == 0);
        const std::string path = std::string(std::getenv("TIDEMARK_BIN_DIR")) + "/client_subject";
        child_ = start({path, device, size, type}, [&] {
            dup2(input[0], STDIN_FILENO);
            setenv("TT_ALLOC_TRACKING_ENABLED", "1", 1);
            setenv("TIDEMARK_INSTANCE", instance.c_str(), 1);
        });
        close(input[0]);
        input_ = input[1];
        first_ = line();
    }
    ~Subject() {
        if (input_ >= 0) finish_it();
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    const std::string& first() const { return first_; }
    // Its last line.
    std::string finish_it() {
        close(input_);
        input_ = -1;
        return finish(child_).out;
    }

private:
    std::string line() const {
        std::string text;
        for (char byte = 0; read(child_.out, &byte, 1) == 1 && byte != '\n';)
            text += byte;
        return text;
    }

    Child child_;
    int input_ = -1;
    std::string first_;
};

bool comes_to(std::uint64_t dram, std::uint64_t l1, std::uint64_t cb) {
    return until([&] {
        const auto totals = query_device(0);
        return totals.is_available && totals.dram == dram && totals.l1 == l1 && totals.cb == cb;
    });
}

TEST_CASE("totals are those of all programs, at once, and outlive the collector's death") {
    const Instance instance("client-totals");
    setenv("TIDEMARK_INSTANCE", instance.name.c_str(), 1);
    CHECK_FALSE(query_device(0).is_available);
    REQUIRE(instance.command({"--background"}).status == 0);
    Subject first(instance.name, "0", "100", "0");
    CHECK(first.first() == "1 100 0 10");
    Subject second(instance.name, "0", "40", "1");
    CHECK(second.first() == "1 100 40 20");
    Subject elsewhere(instance.name, "3", "7", "0");
    CHECK(elsewhere.first() == "1 7 0 10");
    CHECK(comes_to(100, 40, 20));

    kill(instance.pid(), SIGKILL);
    CHECK(until([&] { return !instance.runs(); }));
    REQUIRE(instance.command({"--background"}).status == 0);
    CHECK(comes_to(100, 40, 20));
    CHECK(second.finish_it() == "1 100 0 10\n");
    CHECK(comes_to(100, 0, 10));

    REQUIRE(instance.command({"--stop"}).status == 0);
    CHECK_FALSE(query_device(0).is_available);
    REQUIRE(instance.command({"--background"}).status == 0);
    CHECK(comes_to(100, 0, 10));
    CHECK(first.finish_it() == "1 0 0 0\n");
    CHECK(comes_to(0, 0, 0));
}

}  // namespace
}  // namespace tidemark::test
