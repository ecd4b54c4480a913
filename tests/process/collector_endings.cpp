// SPDX-License-Identifier: Apache-2.0
//
// How a program ended is told: by itself, killed, crashed, or by another program in its place.
#include <doctest/doctest.h>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

// What is published of how the program ended, once it is.
tidemark_process_row ended_row(const std::string& instance, pid_t pid,
                               std::uint64_t not_image = 0) {
    tidemark_process_row found{};
    CHECK(comes_true([&] {
        const auto row = row_where<tidemark_process_row>(read_stats(instance), [&](const auto& r) {
            return r.pid == pid && r.image != not_image && r.ending != TIDEMARK_ENDING_UNKNOWN;
        });
        if (row) found = *row;
        return row.has_value();
    }));
    return found;
}

tidemark_process_row row_of_killed(int signal) {
    const OwnInstance own;
    const Collector collector(own.name());
    Script script("run", {"10"}, own.tracked());
    REQUIRE(script.arrived(1));
    // Not waited for before it is published: this kernel may know only as long as there is a zombie.
    kill(script.pid(), signal);
    return ended_row(own.name(), script.pid());
}

}  // namespace

TEST_CASE("a program that ends by itself ended with its status") {
    const OwnInstance own;
    const Collector collector(own.name());
    const Script script("end", {"10"}, own.tracked());
    const tidemark_process_row row = ended_row(own.name(), script.pid());
    CHECK(row.ending == TIDEMARK_ENDING_EXITED);
    CHECK(row.ending_code == 0);
    CHECK(row.state == TIDEMARK_PROCESS_EXITED);
}

TEST_CASE("a signal from outside killed it, a signal for what it did is a crash") {
    const tidemark_process_row killed = row_of_killed(SIGKILL);
    CHECK(killed.ending == TIDEMARK_ENDING_KILLED);
    CHECK(killed.ending_code == SIGKILL);
    const tidemark_process_row crashed = row_of_killed(SIGABRT);
    CHECK(crashed.ending == TIDEMARK_ENDING_CRASHED);
    CHECK(crashed.ending_code == SIGABRT);
}

TEST_CASE(
    "an image whose process executed another program ended by that, and the last one by its exit") {
    const OwnInstance own;
    const Collector collector(own.name());
    Script script("exec", {"10"}, own.tracked());
    REQUIRE(script.arrived(1));
    const tidemark_process_row first = ended_row(own.name(), script.pid());
    CHECK(first.ending == TIDEMARK_ENDING_EXECUTED);
    script.go(1);
    const tidemark_process_row last = ended_row(own.name(), script.pid(), first.image);
    CHECK(last.ending == TIDEMARK_ENDING_EXITED);
}
