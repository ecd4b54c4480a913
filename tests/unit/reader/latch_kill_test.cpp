// SPDX-License-Identifier: Apache-2.0
//
// A writer that ends between any two stores: whatever the store, the row can be read at once and is whole. This file is
// compiled with kill points and brings its own, so that it can look at, or die at, every one of them.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <random>

#include "tests/unit/reader/test_segment.hpp"

#ifndef TIDEMARK_KILL_POINTS
#error "compile with TIDEMARK_KILL_POINTS"
#endif
#include "shm/latch.hpp"

namespace {

using namespace tidemark;
using Row = tidemark_usage_row;

std::function<void()> at_each_point = [] {};

void publish(void* base, std::uint32_t index, std::uint64_t number) {
    shm::publish_row(test::row_of(base, TIDEMARK_TABLE_USAGE, index), sizeof(Row),
                     test::row_made_of<Row>(number));
}

// Runs `body` in a child; its wait status.
template <class Body>
int in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

}  // namespace

void tidemark::shm::kill_point_reached(const char*) noexcept { at_each_point(); }

TEST_CASE(
    "between any two stores of a publication the row is whole: the state before, or the state "
    "after") {
    test::MemorySegment segment(1);
    const auto reader = StatsReader::from_memory(segment.base(), segment.size());
    REQUIRE(reader.has_value());
    publish(segment.base(), 0, 1);
    int points = 0;
    at_each_point = [&] {
        ++points;
        const auto row = reader->read<Row>(0);
        REQUIRE(row.has_value());
        CHECK(test::is_whole(*row));
        CHECK((row->pass == 1 || row->pass == 2));
    };
    publish(segment.base(), 0, 2);
    at_each_point = [] {};
    CHECK(points == 2 + 2 * sizeof(Row) / 8);
    CHECK(reader->read<Row>(0)->pass == 2);
}

TEST_CASE("SIGKILL at each store of a publication leaves a whole row") {
    for (int nth = 1;; ++nth) {
        // Never the same one again: a restarted collector makes a new segment, too.
        test::SharedSegment segment("kill-each", 1);
        const auto reader = StatsReader::open(segment.instance());
        REQUIRE(reader.has_value());
        publish(segment.base(), 0, 1);
        const int status = in_child([&] {
            int left = nth;
            at_each_point = [&] {
                if (--left == 0) {
                    raise(SIGKILL);
                }
            };
            publish(segment.base(), 0, 2);
        });
        const auto row = reader->read<Row>(0);
        REQUIRE(row.has_value());
        CHECK(test::is_whole(*row));
        if (WIFEXITED(status)) {
            CHECK(nth == 3 + 2 * sizeof(Row) / 8);
            break;
        }
        REQUIRE(WTERMSIG(status) == SIGKILL);
    }
}

TEST_CASE("SIGKILL at any moment of a busy writer leaves every row whole and readable") {
    constexpr std::uint32_t kRows = 4;
    std::mt19937 random(2);
    for (int round = 0; round < 100; ++round) {
        test::SharedSegment segment("kill-any", kRows);
        const pid_t writer = fork();
        if (writer == 0) {
            for (std::uint64_t number = 1;; ++number) {
                publish(segment.base(), static_cast<std::uint32_t>(number % kRows), number);
            }
        }
        usleep(static_cast<useconds_t>(random() % 1000));
        kill(writer, SIGKILL);
        waitpid(writer, nullptr, 0);
        const auto reader = StatsReader::open(segment.instance());
        REQUIRE(reader.has_value());
        for (std::uint32_t i = 0; i < kRows; ++i) {
            Row row;
            const auto result = reader->read(i, row);
            CHECK((result == TIDEMARK_READ_OK || (result == TIDEMARK_READ_FREE && row.pass == 0)));
            CHECK((result == TIDEMARK_READ_FREE || test::is_whole(row)));
        }
    }
}
