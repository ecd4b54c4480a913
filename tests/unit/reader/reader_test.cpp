// SPDX-License-Identifier: Apache-2.0
//
// The stats reader on segments that do not change meanwhile: what it answers, and that no bytes lead it astray. How it
// behaves against a busy or dying writer: latch_test.cpp, latch_kill_test.cpp, latch_process_test.cpp.
#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>

#include "shm/latch.hpp"
#include "shm/stats_words.hpp"
#include "tests/unit/reader/test_segment.hpp"
#include "tidemark/stats_schema.hpp"

namespace {

using namespace tidemark;
using test::MemorySegment;

StatsReader open(MemorySegment& segment) {
    std::string error;
    auto reader = StatsReader::from_memory(segment.base(), segment.size(), &error);
    REQUIRE_MESSAGE(reader.has_value(), error);
    return std::move(*reader);
}

tidemark_usage_row usage_row() {
    tidemark_usage_row row{};
    row.in_use = 1;
    row.current = 4096;
    std::memcpy(row.pool_name, "abcdefghijklmnopqrstuvwx", 24);
    return row;
}

void publish(MemorySegment& segment, std::uint32_t index, const tidemark_usage_row& row) {
    shm::publish_row(test::row_of(segment.base(), TIDEMARK_TABLE_USAGE, index), sizeof row, row);
}

}  // namespace

TEST_CASE(
    "a published row is read back, a free one says so, and there is none beyond the used ones") {
    MemorySegment segment(4);
    publish(segment, 1, usage_row());
    shm::publish_rows_used(test::table_of(segment.base(), TIDEMARK_TABLE_USAGE), 3);
    const StatsReader reader = open(segment);

    tidemark_usage_row row;
    CHECK(reader.rows<tidemark_usage_row>() == 3);
    CHECK(reader.read(0, row) == TIDEMARK_READ_FREE);
    CHECK(reader.read(1, row) == TIDEMARK_READ_OK);
    CHECK(row.current == 4096);
    CHECK(text_of(row.pool_name) == "abcdefghijklmnopqrstuvwx");
    CHECK(reader.read(3, row) == TIDEMARK_READ_RANGE);
    CHECK(reader.read(~0u, row) == TIDEMARK_READ_RANGE);
    CHECK_FALSE(reader.read<tidemark_usage_row>(0).has_value());
    CHECK(reader.all<tidemark_usage_row>().size() == 1);
    CHECK(tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_COUNT, 0, &row, sizeof row) ==
          TIDEMARK_READ_RANGE);
}

TEST_CASE("rows_used beyond the capacity does not lead beyond the table") {
    MemorySegment segment(2);
    test::table_of(segment.base(), TIDEMARK_TABLE_HISTORY).rows_used = ~0u;
    CHECK(open(segment).rows<tidemark_history_row>() == 2);
    CHECK(open(segment).all<tidemark_history_row>().empty());
}

TEST_CASE("fields that an older minor version lacks are zero, those of a newer one are left") {
    MemorySegment segment(2);
    tidemark_stats_table& table = test::table_of(segment.base(), TIDEMARK_TABLE_USAGE);
    tidemark_usage_row row;
    SUBCASE("older: the payload ends before pool_name") {
        table.payload_size = offsetof(tidemark_usage_row, pool_name);
        struct Older {
            unsigned char bytes[offsetof(tidemark_usage_row, pool_name)];
        } older;
        const tidemark_usage_row full = usage_row();
        std::memcpy(&older, &full, sizeof older);
        shm::publish_row(test::row_of(segment.base(), TIDEMARK_TABLE_USAGE, 0), table.payload_size,
                         older);
        CHECK(open(segment).read(0, row) == TIDEMARK_READ_OK);
        CHECK(text_of(row.pool_name).empty());
    }
    SUBCASE("newer: the payload has another word") {
        table.row_capacity = table.rows_used = 1;
        table.payload_size += 8;
        table.row_size += 64;
        struct Newer {
            tidemark_usage_row known;
            std::uint64_t later;
        } const newer{usage_row(), 99};
        shm::publish_row(test::row_of(segment.base(), TIDEMARK_TABLE_USAGE, 0), table.payload_size,
                         newer);
        CHECK(open(segment).read(0, row) == TIDEMARK_READ_OK);
        CHECK(text_of(row.pool_name).size() == 24);
    }
    CHECK(row.current == 4096);
}

TEST_CASE("a program may ask for the beginning of a row only") {
    MemorySegment segment(1);
    publish(segment, 0, usage_row());
    const StatsReader reader = open(segment);
    unsigned char bytes[32];
    std::memset(bytes, 0xEE, sizeof bytes);
    CHECK(tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_USAGE, 0, bytes, 28) ==
          TIDEMARK_READ_OK);
    CHECK(bytes[25] == 4096 / 256);
    CHECK(bytes[27] == 0);
    CHECK(bytes[28] == 0xEE);
    CHECK(tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_USAGE, 0, bytes, 15) ==
          TIDEMARK_READ_RANGE);
}

TEST_CASE(
    "a history answers for the period that is asked, and never with an older round or a torn "
    "sample") {
    MemorySegment segment(1);
    constexpr std::uint64_t kNow = 1'700'000'000'050'000'000;
    constexpr std::uint64_t kRing = TIDEMARK_HISTORY_FINE_COUNT * TIDEMARK_HISTORY_FINE_PERIOD_NS;
    tidemark_stats_sample* ring = test::ring_of(segment.base(), test::kFineOffset);
    tidemark_stats_sample& sample =
        ring[kNow / TIDEMARK_HISTORY_FINE_PERIOD_NS % TIDEMARK_HISTORY_FINE_COUNT];
    shm::publish_sample(sample, kNow, 10, 20);
    tidemark_history_row row{};
    row.fine_offset = test::kFineOffset;
    const StatsReader reader = open(segment);

    REQUIRE(reader.history(row, false, kNow + 49'999'999).has_value());
    CHECK(reader.history(row, false, kNow)->current == 10);
    CHECK(reader.history(row, false, kNow)->highest == 20);
    CHECK_FALSE(reader.history(row, false, kNow + 50'000'000).has_value());
    CHECK_FALSE(reader.history(row, false, kNow + kRing).has_value());
    CHECK_FALSE(reader.history(row, true, kNow).has_value());  // offset 0: there is no coarse ring

    shm::publish_sample(sample, kNow, 30, 30);  // again with the clock unmoved: another frame
    CHECK(reader.history(row, false, kNow)->time == kNow + 1);
    sample.time_guard += 2;
    CHECK(tidemark_reader_history(&reader.raw(), &row, 0, kNow, &sample) == TIDEMARK_READ_BUSY);

    tidemark_stats_sample out;
    for (const std::uint64_t offset : {std::uint64_t{4}, segment.size() - 8, ~std::uint64_t{7}}) {
        row.fine_offset = offset;
        CHECK(tidemark_reader_history(&reader.raw(), &row, 0, kNow, &out) == TIDEMARK_READ_RANGE);
    }
    CHECK(tidemark_reader_sample(&reader.raw(), test::kFineOffset, 600, 600, &out) ==
          TIDEMARK_READ_RANGE);
}

TEST_CASE("a snapshot says whether a publication came in between") {
    MemorySegment segment(2);
    tidemark_stats_header& header = test::header_of(segment.base());
    const StatsReader reader = open(segment);
    bool consistent = false;
    shm::begin_pass(header, 1);
    publish(segment, 0, usage_row());
    CHECK(reader.all<tidemark_usage_row>(&consistent).size() == 1);
    CHECK_FALSE(consistent);
    shm::end_pass(header, 1);
    CHECK(reader.all<tidemark_usage_row>(&consistent).size() == 1);
    CHECK(consistent);
    const std::uint64_t moment = reader.moment();
    shm::begin_pass(header, 2);
    CHECK_FALSE(reader.unchanged_since(moment));
}

TEST_CASE("the collector's words, texts and replacement are seen") {
    MemorySegment segment(1);
    tidemark_stats_header& header = test::header_of(segment.base());
    const StatsReader reader = open(segment);
    shm::publish_heartbeat(header, 11, 22);
    CHECK(reader.heartbeat_count() == 1);
    CHECK(reader.heartbeat_unix_ns() == 11);
    CHECK(reader.heartbeat_monotonic_ns() == 22);
    CHECK(reader.instance() == "test");
    CHECK(reader.schema() == test::kSchema);
    CHECK(reader.control_socket() == test::kSocket);
    CHECK_FALSE(reader.superseded());
    shm::publish_state(header, TIDEMARK_COLLECTOR_SUPERSEDED);
    CHECK(reader.superseded());
    header.control_socket_offset = 0;
    CHECK(open(segment).control_socket().empty());
}

TEST_CASE("a reader keeps its map when it is moved, and the segment's name may go") {
    std::optional<StatsReader> first;
    std::string error;
    {
        test::SharedSegment shared("moved", 1);
        shm::publish_row(test::row_of(shared.base(), TIDEMARK_TABLE_USAGE, 0),
                         sizeof(tidemark_usage_row), usage_row());
        first = StatsReader::open(shared.instance(), &error);
        REQUIRE_MESSAGE(first.has_value(), error);
    }
    StatsReader second = std::move(*first);
    first.reset();
    CHECK(second.read<tidemark_usage_row>(0)->current == 4096);
    CHECK_FALSE(StatsReader::open("test-no-such-instance", &error).has_value());
    CHECK(error ==
          "cannot read /dev/shm/tidemark.test-no-such-instance.stats: no such segment: start the "
          "collector "
          "(tidemarkd), or name its instance");
}

TEST_CASE("whatever a segment's words say, nothing outside it is read") {
    std::mt19937_64 random(1);
    const std::uint64_t values[] = {0,        1,   7,          8,         64,   255,
                                    1u << 31, ~0u, 1ull << 32, ~0ull - 7, ~0ull};
    int opened = 0;
    for (int round = 0; round < 20000; ++round) {
        MemorySegment segment(1);
        auto* words = static_cast<std::uint32_t*>(segment.base());
        for (int changes = 0; changes < 1 + round % 3; ++changes) {
            const std::uint64_t value =
                random() % 2 ? values[random() % std::size(values)] : random() % segment.size();
            const std::size_t place = 4 + random() % ((256 + 64 * TIDEMARK_TABLE_COUNT) / 4 - 6);
            std::memcpy(words + place, &value, random() % 2 ? 4 : 8);
        }
        if (const auto reader = StatsReader::from_memory(segment.base(), segment.size())) {
            ++opened;
            std::size_t seen = reader->schema().size() + reader->control_socket().size() +
                               reader->instance().size();
#define TIDEMARK_X(ID, name, capacity) seen += reader->all<tidemark_##name##_row>().size();
            TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
            CHECK(seen < 2 * segment.size());
        }
    }
    CHECK(opened > 1000);
    CHECK(opened < 19000);
}

TEST_CASE("the schema is JSON whatever the texts hold") {
    std::string json;
    schema_detail::append_text(json, "a \"quoted\" \\ text\n\x01");
    CHECK(json == "\"a \\\"quoted\\\" \\\\ text\\u000a\\u0001\"");
    const std::string begin =
        "{\"schema\":1,\"tables\":[{\"table\":0,\"name\":\"collector\",\"fields\":[{\"name\":";
    CHECK(stats_schema().starts_with(
        begin + "\"pass\",\"type\":\"u64\",\"offset\":0,\"count\":1,\"array\":false,"));
    CHECK(
        stats_schema().find(
            "{\"name\":\"pool_name\",\"type\":\"text\",\"offset\":128,\"count\":24,\"array\":true,"
            "\"unit\":\"\",\"doc\":\"DRAM, L1") != std::string::npos);
}
