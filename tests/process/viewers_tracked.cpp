// SPDX-License-Identifier: Apache-2.0
//
// A monitor that itself runs under the malloc tracker: the collector sees it as any program, its own table does not.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;
using Json = nlohmann::json;

namespace {

// The next line of a pipe; empty at its end.
std::string next_line(int descriptor) {
    std::string line;
    for (char c = 0; read(descriptor, &c, 1) == 1;) {
        line += c;
        if (c == '\n') return line;
    }
    return {};
}

bool lists(const std::string& line, pid_t pid) {
    const Json document = Json::parse(line);
    for (const Json& process : document.at("processes"))
        if (process.at("pid") == pid) return true;
    return false;
}

}  // namespace

TEST_CASE("the monitor does not list itself; query, which is no monitor, lists what there is") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    for (const char* verb : {"smi", "query"}) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        const char* libraries = std::getenv("TIDEMARK_LIB_DIR");
        const std::string tracker =
            std::string(libraries != nullptr ? libraries : "lib") + "/libtidemark_malloc.so";
        const pid_t pid = start(
            {built("tidemark"), verb, "--json", "-w", "-r", "10", "--instance", instance.name()},
            instance.tracked({{"LD_PRELOAD", tracker}}), ends[1]);
        close(ends[1]);
        REQUIRE(comes_true([&] { return process_of(instance.name(), pid).has_value(); }));
        const std::uint64_t seen =
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count());
        std::string line;
        do {
            line = next_line(ends[0]);
            REQUIRE_FALSE(line.empty());
        } while (Json::parse(line).at("time_unix_ns") < seen);
        CHECK(lists(line, pid) == (std::string(verb) == "query"));
        kill(pid, SIGKILL);
        wait_until_ended(pid);
        close(ends[0]);
    }
}
