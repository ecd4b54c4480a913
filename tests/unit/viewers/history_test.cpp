// SPDX-License-Identifier: Apache-2.0
//
// Samples of a segment to a history without holes where nothing changed, and with holes where nobody looked.
#include "viewers/model/history.hpp"

#include <doctest/doctest.h>

#include "unit/reader/test_segment.hpp"

using namespace tidemark;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kNow = 1'900'000'000 * kSecond + 250'000'000;  // 250 ms into a second

// A segment with one history row; the collector shows a sign of life at kNow.
class Beds {
public:
    Beds() {
        row_.in_use = 1;
        row_.fine_offset = test::kFineOffset;
        row_.coarse_offset = test::kCoarseOffset;
        auto* bytes =
            static_cast<std::byte*>(test::row_of(segment_.base(), TIDEMARK_TABLE_HISTORY, 0));
        std::memcpy(bytes + TIDEMARK_STATS_ROW_PREFIX, &row_, sizeof row_);
        header().heartbeat_unix_ns = kNow;
    }
    tidemark_stats_header& header() { return test::header_of(segment_.base()); }

    void change(std::uint64_t seconds_ago, std::uint64_t value, std::uint64_t highest) {
        const std::uint64_t time = kNow - seconds_ago * kSecond;
        write(test::kFineOffset, time / TIDEMARK_HISTORY_FINE_PERIOD_NS % 600,
              {time, value, highest, time});
        write(test::kCoarseOffset, time / kSecond % 900, {time, value, highest, time});
    }
    model::PoolHistory read(model::Resolution resolution, std::size_t points) {
        auto reader = StatsReader::from_memory(segment_.base(), segment_.size());
        const auto all = model::read_history(*reader, {resolution, kNow, points});
        REQUIRE(all.size() == 1);
        return all[0];
    }

private:
    void write(std::uint64_t offset, std::uint64_t index, const tidemark_stats_sample& sample) {
        test::ring_of(segment_.base(), offset)[index] = sample;
    }

    test::MemorySegment segment_{1};
    tidemark_history_row row_{};
};

std::vector<std::optional<std::uint64_t>> currents(const model::PoolHistory& history) {
    std::vector<std::optional<std::uint64_t>> values;
    for (const model::HistoryPoint& point : history.points)
        values.push_back(point.current);
    return values;
}

using Values = std::vector<std::optional<std::uint64_t>>;
constexpr auto kUnknown = std::nullopt;

}  // namespace

TEST_CASE(
    "seconds without a change hold what the one before held, those before the first are unknown") {
    Beds beds;
    beds.change(4, 10, 70);
    beds.change(1, 30, 30);
    const model::PoolHistory history = beds.read(model::Resolution::kCoarse, 6);
    CHECK(currents(history) == Values{kUnknown, 10, 10, 10, 30, 30});
    CHECK(history.points[1].highest == 70);
    CHECK(history.points[2].highest == 10);
    CHECK(history.pool_name == "DRAM");
    CHECK(history.period_ns == kSecond);
    CHECK(history.first_unix_ns == (kNow / kSecond - 5) * kSecond);
}

TEST_CASE("a window goes on with the last change before it, however long ago") {
    Beds beds;
    beds.change(5000, 42, 42);
    CHECK(currents(beds.read(model::Resolution::kCoarse, 2)) == Values{42, 42});
    CHECK(currents(beds.read(model::Resolution::kFine, 2)) == Values{42, 42});
    beds.change(100, 7, 7);  // beyond the fine ring: the coarse one knows it
    CHECK(currents(beds.read(model::Resolution::kFine, 2)) == Values{7, 7});
    CHECK(beds.read(model::Resolution::kFine, 0).points.size() == 600);
    // What stood before the change may have been overwritten: unknown.
    CHECK(currents(beds.read(model::Resolution::kCoarse, 0))[0] == kUnknown);
}

TEST_CASE("after the collector's last sign of life nothing is known") {
    Beds beds;
    beds.change(9, 10, 10);
    beds.header().heartbeat_unix_ns = kNow - 3 * kSecond;
    CHECK(currents(beds.read(model::Resolution::kCoarse, 5)) ==
          Values{10, 10, kUnknown, kUnknown, kUnknown});
    beds.header().heartbeat_unix_ns = kNow - kSecond;  // not stalled yet
    CHECK(currents(beds.read(model::Resolution::kCoarse, 2)) == Values{10, 10});
    beds.header().state = TIDEMARK_COLLECTOR_STOPPED;
    beds.header().heartbeat_unix_ns = kNow - kSecond;
    CHECK(currents(beds.read(model::Resolution::kCoarse, 2)) == Values{10, kUnknown});
}

TEST_CASE("from the point where a collector's absence began until the next one nothing is known") {
    Beds beds;
    beds.change(9, 10, 10);
    beds.change(5, TIDEMARK_SAMPLE_UNKNOWN, TIDEMARK_SAMPLE_UNKNOWN);
    beds.change(3, 10, 10);  // what its successor found, though nothing had changed
    CHECK(currents(beds.read(model::Resolution::kCoarse, 10)) ==
          Values{10, 10, 10, 10, kUnknown, kUnknown, 10, 10, 10, 10});
}

TEST_CASE("several absences stay what they are, and a window may begin in one") {
    Beds beds;
    beds.change(9, 10, 10);
    beds.change(8, TIDEMARK_SAMPLE_UNKNOWN, TIDEMARK_SAMPLE_UNKNOWN);
    beds.change(6, 10, 10);
    beds.change(3, TIDEMARK_SAMPLE_UNKNOWN, TIDEMARK_SAMPLE_UNKNOWN);
    beds.change(1, 10, 10);
    CHECK(currents(beds.read(model::Resolution::kCoarse, 10)) ==
          Values{10, kUnknown, kUnknown, 10, 10, 10, kUnknown, kUnknown, 10, 10});
    CHECK(currents(beds.read(model::Resolution::kCoarse, 3)) == Values{kUnknown, 10, 10});
    CHECK(currents(beds.read(model::Resolution::kCoarse, 8)) ==
          Values{kUnknown, 10, 10, 10, kUnknown, kUnknown, 10, 10});
}
