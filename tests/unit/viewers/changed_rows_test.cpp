// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/changed_rows.hpp"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "unit/reader/test_segment.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/stats_source.hpp"

using namespace tidemark;

namespace {

// A segment with room for two processes of a pool each, published by hand.
class World {
public:
    void publish(std::uint32_t index, std::uint64_t pass, std::uint64_t image, std::uint64_t bytes,
                 std::uint32_t device = 0) {
        tidemark_process_row process{};
        process.pass = pass;
        process.in_use = 1;
        process.image = image;
        process.uid = static_cast<std::uint32_t>(image);
        process.events = pass;
        put(TIDEMARK_TABLE_PROCESS, index, process);
        tidemark_process_usage_row usage{};
        usage.pass = pass;
        usage.in_use = 1;
        usage.image = image;
        usage.device = device;
        usage.current = bytes;
        put(TIDEMARK_TABLE_PROCESS_USAGE, index, usage);
        auto& header = test::header_of(segment_.base());
        header.pass_begun = header.pass_ended = pass;
    }
    void free(std::uint32_t index, std::uint64_t pass) {
        tidemark_process_row process{};
        process.pass = pass;
        put(TIDEMARK_TABLE_PROCESS, index, process);
        auto& header = test::header_of(segment_.base());
        header.pass_begun = header.pass_ended = pass;
    }
    StatsReader reader() { return *StatsReader::from_memory(segment_.base(), segment_.size()); }

private:
    template <class Row>
    void put(tidemark_stats_table_id table, std::uint32_t index, const Row& row) {
        auto* bytes = static_cast<std::byte*>(test::row_of(segment_.base(), table, index));
        std::memcpy(bytes + TIDEMARK_STATS_ROW_PREFIX, &row, sizeof row);
    }
    test::MemorySegment segment_{2};
};

}  // namespace

TEST_CASE("only what was published since is read again") {
    World world;
    world.publish(0, 1, 11, 100);
    world.publish(1, 2, 22, 200);
    const StatsReader reader = world.reader();
    const std::uint64_t moment = reader.moment();
    model::Snapshot snapshot = model::read_snapshot(reader);
    model::ChangedRows rows;
    rows.remember(reader, snapshot, {}, moment);
    std::vector<std::size_t> changed;
    CHECK(rows.update(reader, snapshot, changed));
    CHECK(changed.empty());
    world.publish(1, 3, 22, 250);
    REQUIRE(rows.update(reader, snapshot, changed));
    REQUIRE(changed.size() == 1);
    CHECK(snapshot.processes[changed[0]].image == 22);
    CHECK(snapshot.processes[changed[0]].usage[0].current == 250);
}

TEST_CASE("what was filtered away stays away") {
    World world;
    world.publish(0, 1, 11, 100);
    world.publish(1, 2, 22, 200);
    const StatsReader reader = world.reader();
    const std::uint64_t moment = reader.moment();
    model::Snapshot snapshot = model::read_snapshot(reader);
    model::Filter filter;
    filter.uids = {11};
    model::apply(filter, snapshot);
    REQUIRE(snapshot.processes.size() == 1);
    model::ChangedRows rows;
    rows.remember(reader, snapshot, filter, moment);
    std::vector<std::size_t> changed;
    world.publish(1, 3, 22, 250);
    CHECK(rows.update(reader, snapshot, changed));
    CHECK(changed.empty());
    CHECK(snapshot.processes.size() == 1);
}

TEST_CASE("a process that appears between the reading and the first look at changes is found") {
    World world;
    world.publish(0, 1, 11, 100);
    const StatsReader reader = world.reader();
    const std::uint64_t moment = reader.moment();
    model::Snapshot snapshot = model::read_snapshot(reader);
    REQUIRE(snapshot.processes.size() == 1);
    world.publish(1, 2, 22, 200);
    model::ChangedRows rows;
    rows.remember(reader, snapshot, {}, moment);
    std::vector<std::size_t> changed;
    CHECK_FALSE(rows.update(reader, snapshot, changed));  // all is to be read
}

TEST_CASE("a process that is gone between the reading and the first look at changes is missed") {
    World world;
    world.publish(0, 1, 11, 100);
    world.publish(1, 2, 22, 200);
    const StatsReader reader = world.reader();
    const std::uint64_t moment = reader.moment();
    model::Snapshot snapshot = model::read_snapshot(reader);
    REQUIRE(snapshot.processes.size() == 2);
    world.free(1, 3);
    model::ChangedRows rows;
    rows.remember(reader, snapshot, model::Filter{}, moment);
    std::vector<std::size_t> changed;
    CHECK_FALSE(rows.update(reader, snapshot, changed));  // all is to be read
}

namespace {

// A machine whose programs come, grow, touch devices, change their owner and go, all at random but the same in each run.
class Busy {
public:
    explicit Busy(std::uint32_t seed) : random_(seed) {}

    void step() {
        ++pass_;
        auto& header = test::header_of(segment_.base());
        header.pass_begun = pass_;
        for (std::uint32_t changes = 1 + below(4); changes > 0; --changes)
            change(below(kPrograms));
        header.pass_ended = pass_;
    }
    StatsReader reader() { return *StatsReader::from_memory(segment_.base(), segment_.size()); }

private:
    static constexpr std::uint32_t kPrograms = 12, kPools = 3;

    std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

    void change(std::uint32_t program) {
        tidemark_process_row& row = processes_[program];
        const std::uint32_t what = below(10);
        if (row.in_use == 0) {
            row = {};
            row.in_use = row.exact = 1;
            row.state = TIDEMARK_PROCESS_RUNNING;
            row.image = ++images_;
            row.pid = static_cast<std::int32_t>(100 + below(5));
            row.uid = 7 + below(2);
            row.start_ticks = row.start_unix_ns = images_;
            std::strcpy(row.name, "program");
            std::strcpy(row.command, below(2) == 0 ? "program --fast" : "program --slow");
        } else if (what == 0) {
            row.in_use = 0;
            for (std::uint32_t pool = 0; pool < kPools; ++pool)
                put_usage(program, pool, 0);
        } else if (what == 1) {
            row.uid = 7 + below(2);
        } else if (what == 2) {
            row.state = TIDEMARK_PROCESS_EXITED;
            row.ending = below(2);  // published now, or a moment later
            row.ending_code = static_cast<std::int32_t>(below(9));
        } else {
            put_usage(program, below(kPools), 1);
        }
        ++row.events;
        row.pass = pass_;
        put(TIDEMARK_TABLE_PROCESS, program, row);
    }

    void put_usage(std::uint32_t program, std::uint32_t pool, std::uint32_t in_use) {
        tidemark_process_usage_row usage{};
        usage.pass = pass_;
        usage.in_use = in_use;
        usage.image = processes_[program].image;
        usage.device = pool % 2;
        usage.pool = pool;
        usage.current = below(1000);
        put(TIDEMARK_TABLE_PROCESS_USAGE, program * kPools + pool, usage);
    }

    template <class Row>
    void put(tidemark_stats_table_id table, std::uint32_t index, const Row& row) {
        auto* bytes = static_cast<std::byte*>(test::row_of(segment_.base(), table, index));
        std::memcpy(bytes + TIDEMARK_STATS_ROW_PREFIX, &row, sizeof row);
    }

    std::mt19937 random_;
    std::uint64_t pass_ = 0, images_ = 0;
    std::array<tidemark_process_row, kPrograms> processes_{};
    test::MemorySegment segment_{kPrograms * kPools};
};

std::string text_of_processes(const model::Snapshot& snapshot) {
    std::string text;
    for (const model::Process& process : snapshot.processes)
        text += model::dump(model::to_json(process), -1) + "\n";
    return text;
}

model::Snapshot read_filtered(const StatsReader& reader, const model::Filter& filter) {
    model::Snapshot snapshot = model::read_snapshot(reader);
    model::sort(snapshot);
    model::apply(filter, snapshot);
    return snapshot;
}

// How many of the looks needed a whole read.
int follow(std::uint32_t seed, const model::Filter& filter, int looks) {
    Busy busy(seed);
    const StatsReader reader = busy.reader();
    model::Snapshot shown = read_filtered(reader, filter);
    model::ChangedRows rows;
    rows.remember(reader, shown, filter, reader.moment());
    int whole_reads = 0;
    for (int look = 0; look < looks; ++look) {
        for (int steps = look % 3; steps >= 0; --steps)
            busy.step();
        std::vector<std::size_t> changed;
        if (!rows.update(reader, shown, changed)) {
            ++whole_reads;
            const std::uint64_t moment = reader.moment();
            shown = read_filtered(reader, filter);
            if (look % 2 == 0)
                busy.step();  // what is published before it is remembered is not missed
            rows.remember(reader, shown, filter, moment);
            continue;
        }
        REQUIRE(text_of_processes(shown) == text_of_processes(read_filtered(reader, filter)));
    }
    return whole_reads;
}

}  // namespace

TEST_CASE(
    "after any publications the refreshed processes are those of a fresh read, whatever the "
    "filter") {
    model::Filter by_device, by_pool, by_user, by_pid, by_both, own;
    by_device.devices = {1};
    by_pool.pools = {"L1"};
    by_user.uids = {7};
    by_pid.pids = {100, 101};
    by_both.devices = {0};
    by_both.uids = {8};
    own.without = {101, 3};
    constexpr int kLooks = 300;
    for (const model::Filter& filter :
         {model::Filter{}, by_device, by_pool, by_user, by_pid, by_both, own}) {
        for (std::uint32_t seed = 1; seed <= 5; ++seed)
            CHECK(follow(seed, filter, kLooks) < kLooks);
    }
}

TEST_CASE(
    "what a filter hides changes without a whole read; who first touches the device comes into "
    "sight") {
    World world;
    world.publish(0, 1, 11, 100);
    world.publish(1, 2, 22, 200, 1);
    const StatsReader reader = world.reader();
    model::Filter filter;
    filter.devices = {0};
    model::Snapshot snapshot = read_filtered(reader, filter);
    REQUIRE(snapshot.processes.size() == 1);
    model::ChangedRows rows;
    world.publish(1, 3, 22, 250, 1);  // between the reading and the first look
    rows.remember(reader, snapshot, filter, 2);
    std::vector<std::size_t> changed;
    world.publish(1, 4, 22, 300, 1);
    CHECK(rows.update(reader, snapshot, changed));
    CHECK(changed.empty());
    world.publish(0, 5, 11, 150);
    CHECK(rows.update(reader, snapshot, changed));
    CHECK(snapshot.processes[0].usage[0].current == 150);
    world.publish(1, 6, 22, 300, 0);
    CHECK_FALSE(rows.update(reader, snapshot, changed));
}
