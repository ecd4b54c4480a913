// SPDX-License-Identifier: Apache-2.0
//
// The sequence latch, the sample, and the single words of the stats segment: the collector's stores against the
// public C reader, with a collector that dies at any store.
#include "shm/latch.hpp"
#include "models/parts.hpp"
#include "shm/stats_words.hpp"
#include "tidemark/stats_reader.h"

namespace tidemark::model {
namespace {

struct Payload {
    std::uint64_t value;
    std::uint32_t in_use;
    std::uint32_t again;
};
constexpr auto kTable = TIDEMARK_TABLE_USAGE;
constexpr std::uint32_t kRowBytes = TIDEMARK_STATS_ROW_PREFIX + 2 * sizeof(Payload);

// Of a reader that knows an odd number of bytes of it.
struct LongPayload {
    Payload first;
    std::uint32_t last, unknown;
};
constexpr auto kLongTable = TIDEMARK_TABLE_PROCESS;

struct Segment {
    tidemark_stats_header header;
    tidemark_stats_table table;
    alignas(64) unsigned char rows[2][kRowBytes];
    tidemark_stats_sample sample;
    alignas(64) unsigned char long_row[TIDEMARK_STATS_ROW_PREFIX + 2 * sizeof(LongPayload)];
} segment;
tidemark_reader reader;

void publish(int row, std::uint64_t value) {
    shm::publish_row(segment.rows[row], sizeof(Payload),
                     Payload{value, 1, static_cast<std::uint32_t>(value)});
}

void begin() {
    share(&segment, sizeof segment);
    reader = {};
    reader.header = &segment.header;
    reader.size = sizeof segment;
    reader.tables[kTable] = {segment.rows[0], &segment.table.rows_used, kRowBytes, sizeof(Payload),
                             2};
    segment.table.rows_used = 2;
    segment.header.state = TIDEMARK_COLLECTOR_RUNNING;
    publish(0, 1);
    publish(1, 1);
}

// The row's value; 0: busy, after all the tries that this execution is followed for.
std::uint64_t read(std::uint32_t row) {
    Payload payload{};
    const int result = tidemark_reader_row(&reader, kTable, row, &payload, sizeof payload);
    require(result != TIDEMARK_READ_RANGE, "the row is there");
    if (result == TIDEMARK_READ_BUSY) return 0;
    require(result == TIDEMARK_READ_OK, "a row below the number in use is not free");
    require(payload.value == payload.again, "a payload is whole");
    return payload.value;
}

void publish_long(std::uint64_t value) {
    const auto part = static_cast<std::uint32_t>(value);
    shm::publish_row(segment.long_row, sizeof(LongPayload),
                     LongPayload{{value, 1, part}, part, part});
}
void begin_long() {
    begin();
    reader.tables[kLongTable] = {segment.long_row, &segment.table.rows_used,
                                 sizeof segment.long_row, sizeof(LongPayload), 2};
    publish_long(1);
}
void write_long() {
    publish_long(2);
    publish_long(3);
}
void read_part() {
    LongPayload payload{};
    if (tidemark_reader_row(&reader, kLongTable, 0, &payload, 20) != TIDEMARK_READ_OK) return;
    require(payload.last == payload.first.value, "a payload is whole to its last byte");
}

void write_twice() {
    publish(0, 2);
    publish(0, 3);
}
void read_twice() {
    const std::uint64_t first = read(0);
    const std::uint64_t second = read(0);
    require(first == 0 || second == 0 || first <= second, "a reader never goes back");
}
void read_once() { read(0); }
void still_readable() { require(read(0) != 0, "a row can be read whenever its writer ended"); }

void write_samples() {
    shm::publish_sample(segment.sample, 10, 10, 10);
    shm::publish_sample(segment.sample, 10, 11, 11);
    shm::publish_sample(segment.sample, 20, 20, 20);
}
void read_sample() {
    tidemark_stats_sample sample;
    const auto offset =
        static_cast<std::uint64_t>(reinterpret_cast<unsigned char*>(&segment.sample) -
                                   reinterpret_cast<unsigned char*>(&segment));
    if (tidemark_reader_sample(&reader, offset, 1, 0, &sample) != TIDEMARK_READ_OK) return;
    require(sample.current == sample.highest && sample.current == sample.time, "a sample is whole");
}

void publish_passes() {
    for (std::uint64_t pass = 2; pass <= 3; ++pass) {
        shm::begin_pass(segment.header, pass);
        publish(0, pass);
        publish(1, pass);
        shm::end_pass(segment.header, pass);
    }
}
void begin_passes() {
    begin();
    shm::begin_pass(segment.header, 1);
    shm::end_pass(segment.header, 1);
}
void read_pass() {
    const std::uint64_t moment = tidemark_reader_pass_ended(&reader);
    const std::uint64_t a = read(0), b = read(1);
    if (tidemark_reader_pass_begun(&reader) != moment || a == 0 || b == 0) return;
    require(a == moment && b == moment, "rows of one moment");
}

void begin_rows() {
    begin();
    segment.table.rows_used = 0;
    for (auto& byte : segment.rows[0])
        byte = 0;
}
void use_row() {
    publish(0, 1);
    shm::publish_rows_used(segment.table, 1);
}
void read_used() {
    if (tidemark_reader_rows(&reader, kTable) == 1) read(0);
}

void stop() {
    publish(0, 2);
    shm::publish_state(segment.header, TIDEMARK_COLLECTOR_STOPPED);
}
void read_stopped() {
    if (tidemark_reader_state(&reader) == TIDEMARK_COLLECTOR_STOPPED)
        require(read(0) == 2, "who sees it stopped sees its last figures");
}

void beat() {
    shm::publish_heartbeat(segment.header, 1, 1);
    shm::publish_heartbeat(segment.header, 2, 2);
}
void read_beat() {
    const std::uint64_t count = tidemark_reader_heartbeat_count(&reader);
    require(tidemark_reader_heartbeat_unix_ns(&reader) >= count, "a time as new as the count");
    require(tidemark_reader_heartbeat_monotonic_ns(&reader) >= count, "a time as new as the count");
}
void nothing() {}

// A reader that finds a row busy tries again up to 1,000 times; followed are the first two or three tries.
Thread reading(void (*run)(), unsigned most_steps) { return {run, false, -1, nullptr, most_steps}; }

}  // namespace

void add_latch_models(std::vector<Model>& all) {
    all.push_back({"row",
                   "two publications, two reads",
                   begin,
                   {{write_twice}, reading(read_twice, 14)},
                   still_readable});
    all.push_back({"row whose writer dies",
                   "at any store",
                   begin,
                   {{write_twice, true}, reading(read_once, 9)},
                   still_readable});
    all.push_back({"row read in part",
                   "twenty of its bytes",
                   begin_long,
                   {{write_long}, reading(read_part, 12)},
                   nothing});
    all.push_back({"sample",
                   "three in one place",
                   begin,
                   {{write_samples, true}, reading(read_sample, 8)},
                   nothing});
    all.push_back({"pass",
                   "two rows, two publications",
                   begin_passes,
                   {{publish_passes}, reading(read_pass, 12)},
                   nothing});
    all.push_back({"rows in use",
                   "a row, then their number",
                   begin_rows,
                   {{use_row, true}, reading(read_used, 10)},
                   nothing});
    all.push_back({"collector's state",
                   "figures, then the state",
                   begin,
                   {{stop, true}, reading(read_stopped, 10)},
                   nothing});
    all.push_back(
        {"heartbeat", "times, then the count", begin, {{beat, true}, {read_beat}}, nothing});
}

}  // namespace tidemark::model
