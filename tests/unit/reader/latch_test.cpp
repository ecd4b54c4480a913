// SPDX-License-Identifier: Apache-2.0
//
// The latches between two threads, also under ThreadSanitizer: a writer that does nothing else, readers that must never
// see half of anything.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "shm/latch.hpp"
#include "shm/stats_words.hpp"
#include "tests/unit/reader/test_segment.hpp"

namespace {

using namespace tidemark;

constexpr int kReads = 300'000;

// Runs `write` over and over in another thread while `read` runs in this one.
template <class Write, class Read>
void while_writing(Write write, Read read) {
    std::atomic<bool> started{false}, stop{false};
    std::thread writer([&] {
        for (std::uint64_t number = 1; !stop.load(std::memory_order_relaxed); ++number) {
            write(number);
            started.store(true, std::memory_order_relaxed);
        }
    });
    while (!started.load(std::memory_order_relaxed)) {
        std::this_thread::yield();
    }
    read();
    stop = true;
    writer.join();
}

}  // namespace

TEST_CASE_TEMPLATE("a row is never torn and never goes back", Row, tidemark_memory_row,
                   tidemark_usage_row, tidemark_process_row) {
    test::MemorySegment segment(1);
    void* place = test::row_of(segment.base(), kTableOf<Row>, 0);
    shm::publish_row(place, sizeof(Row), test::row_made_of<Row>(0));
    const auto reader = StatsReader::from_memory(segment.base(), segment.size());
    REQUIRE(reader.has_value());
    int torn = 0, went_back = 0, read = 0;
    while_writing(
        [&](std::uint64_t number) {
            shm::publish_row(place, sizeof(Row), test::row_made_of<Row>(number));
        },
        [&] {
            std::uint64_t last = 0;
            for (int i = 0; i < kReads; ++i) {
                Row row;
                if (reader->read(0, row) != TIDEMARK_READ_OK) {
                    continue;
                }
                ++read;
                torn += !test::is_whole(row);
                went_back += row.pass < last;
                last = row.pass;
            }
        });
    CHECK(torn == 0);
    CHECK(went_back == 0);
    CHECK(read > kReads / 2);
}

TEST_CASE("rows of a consistent snapshot belong to one publication") {
    constexpr std::uint32_t kRows = 8;
    test::MemorySegment segment(kRows);
    tidemark_stats_header& header = test::header_of(segment.base());
    const auto publish = [&](std::uint64_t number) {
        shm::begin_pass(header, number);
        for (std::uint32_t i = 0; i < kRows; ++i) {
            shm::publish_row(test::row_of(segment.base(), TIDEMARK_TABLE_MEMORY, i),
                             sizeof(tidemark_memory_row),
                             test::row_made_of<tidemark_memory_row>(number));
        }
        shm::end_pass(header, number);
        std::this_thread::yield();  // else a snapshot is hardly ever consistent
    };
    publish(1);
    const auto reader = StatsReader::from_memory(segment.base(), segment.size());
    REQUIRE(reader.has_value());
    int mixed = 0, consistent = 0;
    while_writing([&](std::uint64_t number) { publish(number + 1); },
                  [&] {
                      for (int i = 0; i < kReads / 20 || (consistent == 0 && i < kReads); ++i) {
                          bool one_moment = false;
                          const auto rows = reader->all<tidemark_memory_row>(&one_moment);
                          consistent += one_moment;
                          for (const auto& row : rows) {
                              mixed += one_moment && row.pass != rows.front().pass;
                          }
                      }
                  });
    CHECK(consistent > 0);
    CHECK(mixed == 0);
}

TEST_CASE("a history sample is never torn") {
    constexpr std::uint64_t kPeriod = 1'700'000'000'000'000'000;  // a multiple of 100 ms, in ns
    test::MemorySegment segment(1);
    tidemark_stats_sample& place = test::ring_of(segment.base(), test::kFineOffset)[0];
    const auto reader = StatsReader::from_memory(segment.base(), segment.size());
    REQUIRE(reader.has_value());
    int torn = 0, read = 0;
    while_writing(
        [&](std::uint64_t number) {
            shm::publish_sample(place, kPeriod + number, number * 3, number * 5);
        },
        [&] {
            for (int i = 0; i < kReads; ++i) {
                tidemark_stats_sample sample;
                if (tidemark_reader_sample(&reader->raw(), test::kFineOffset, 600, 0, &sample) ==
                    TIDEMARK_READ_OK) {
                    ++read;
                    torn += sample.current != (sample.time - kPeriod) * 3 ||
                            sample.highest != (sample.time - kPeriod) * 5;
                }
            }
        });
    CHECK(torn == 0);
    CHECK(read > 0);
}
