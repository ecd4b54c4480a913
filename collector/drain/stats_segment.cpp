// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/stats_segment.hpp"

#include <algorithm>
#include <cstring>

#include "collector/drain/stats_layout.hpp"
#include "shm/clock.hpp"
#include "shm/kill_point.hpp"
#include "shm/latch.hpp"
#include "shm/stats_words.hpp"

namespace tidemark::collector {
namespace {

// A ring of samples whose writer is gone: says so at the first whole period that nobody looked at.
void mark_absence(tidemark_stats_sample* ring, std::uint32_t count, std::uint64_t period,
                  std::uint64_t last_beat_ns) {
    const std::uint64_t now = shm::monotonic_ns(CLOCK_REALTIME);
    std::uint64_t last = last_beat_ns;
    for (std::uint32_t i = 0; i < count; ++i)
        if (ring[i].time <= now) last = std::max(last, ring[i].time);
    const std::uint64_t first = last / period + 1;
    if (first >= now / period) return;
    shm::publish_sample(ring[first % count], first * period, TIDEMARK_SAMPLE_UNKNOWN,
                        TIDEMARK_SAMPLE_UNKNOWN);
}

}  // namespace

tidemark_stats_table& StatsSegment::table(tidemark_stats_table_id id) noexcept {
    return reinterpret_cast<tidemark_stats_table*>(segment_.data() +
                                                   sizeof(tidemark_stats_header))[id];
}

bool StatsSegment::make_ready(std::uint64_t offset, std::uint64_t length,
                              std::uint64_t& ready_until) noexcept {
    if (offset + length <= ready_until) return true;
    const std::uint64_t until = rounded(offset + length, kPage);
    if (!segment_.populate(ready_until, until - ready_until)) return false;
    ready_until = until;
    return true;
}

std::byte* StatsSegment::row(tidemark_stats_table_id id, std::uint32_t index) noexcept {
    const tidemark_stats_table& t = table(id);
    if (index >= t.row_capacity) return nullptr;
    const std::uint64_t offset = t.rows_offset + std::uint64_t{index} * t.row_size;
    if (!make_ready(offset, t.row_size, ready_until_[id])) return nullptr;
    return segment_.data() + offset;
}

template <class Row>
bool StatsSegment::publish(tidemark_stats_table_id id, std::uint32_t index, const Row& payload) {
    std::byte* place = row(id, index);
    if (place == nullptr) return false;
    shm::publish_row(place, sizeof(Row), payload);
    if (index >= table(id).rows_used) shm::publish_rows_used(table(id), index + 1);
    return true;
}

#define TIDEMARK_X(ID, name, capacity)                                          \
    template bool StatsSegment::publish(tidemark_stats_table_id, std::uint32_t, \
                                        const tidemark_##name##_row&);
TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X

// Never beyond the rows whose memory is present: a reader that touched another would need space in /dev/shm itself.
void StatsSegment::set_rows_used(tidemark_stats_table_id id, std::uint32_t rows) noexcept {
    const tidemark_stats_table& t = table(id);
    const std::uint64_t present = (ready_until_[id] - t.rows_offset) / t.row_size;
    shm::publish_rows_used(table(id),
                           static_cast<std::uint32_t>(std::min<std::uint64_t>(rows, present)));
}

std::uint32_t StatsSegment::places(tidemark_stats_table_id id) noexcept {
    return kShapes[id].capacity;
}

bool StatsSegment::has_place(tidemark_stats_table_id id, std::uint32_t index) noexcept {
    return index < table(id).row_capacity;
}

std::uint64_t StatsSegment::samples_offset(std::uint32_t series, bool coarse) const noexcept {
    const std::uint64_t first =
        std::uint64_t{series} * kSamplesPerSeries + (coarse ? TIDEMARK_HISTORY_FINE_COUNT : 0);
    return samples_start_ + first * sizeof(tidemark_stats_sample);
}

tidemark_stats_sample* StatsSegment::samples(std::uint32_t series, bool coarse) noexcept {
    if (series >= kShapes[TIDEMARK_TABLE_HISTORY].capacity) return nullptr;
    return reinterpret_cast<tidemark_stats_sample*>(segment_.data() +
                                                    samples_offset(series, coarse));
}

bool StatsSegment::make_samples_ready(std::uint32_t series) noexcept {
    if (series >= kShapes[TIDEMARK_TABLE_HISTORY].capacity) return false;
    return segment_.populate(samples_offset(series, false),
                             kSamplesPerSeries * sizeof(tidemark_stats_sample));
}

bool StatsSegment::inherit_samples(std::uint32_t series, std::uint32_t device,
                                   const char* pool_name) noexcept {
    tidemark_reader reader;
    // The predecessor was ours, yet it is read like a stranger's: every offset is checked.
    if (!predecessor_ ||
        tidemark_reader_open_memory(&reader, predecessor_.data(), predecessor_.size()) != 0) {
        return false;
    }
    tidemark_history_row row;
    const auto is_it = [&](std::uint32_t index) {
        return tidemark_reader_row(&reader, TIDEMARK_TABLE_HISTORY, index, &row, sizeof row) ==
                   TIDEMARK_READ_OK &&
               row.device == device &&
               std::strncmp(row.pool_name, pool_name, sizeof row.pool_name) == 0;
    };
    std::uint32_t index = series;  // mostly
    if (!is_it(series))
        for (index = 0; index < places(TIDEMARK_TABLE_HISTORY) && !is_it(index);)
            ++index;
    if (index == places(TIDEMARK_TABLE_HISTORY)) return false;
    const std::uint64_t bytes = kSamplesPerSeries * sizeof(tidemark_stats_sample);
    if (row.fine_offset > predecessor_.size() || bytes > predecessor_.size() - row.fine_offset ||
        row.coarse_offset !=
            row.fine_offset + TIDEMARK_HISTORY_FINE_COUNT * sizeof(tidemark_stats_sample)) {
        return false;
    }
    std::memcpy(segment_.data() + samples_offset(series, false),
                predecessor_.data() + row.fine_offset, bytes);
    const std::uint64_t beat = tidemark_reader_heartbeat_unix_ns(&reader);
    mark_absence(samples(series, false), TIDEMARK_HISTORY_FINE_COUNT,
                 TIDEMARK_HISTORY_FINE_PERIOD_NS, beat);
    mark_absence(samples(series, true), TIDEMARK_HISTORY_COARSE_COUNT,
                 TIDEMARK_HISTORY_COARSE_PERIOD_NS, beat);
    return true;
}

void StatsSegment::begin_pass(std::uint64_t pass) noexcept { shm::begin_pass(header(), pass); }
void StatsSegment::end_pass(std::uint64_t pass) noexcept { shm::end_pass(header(), pass); }
void StatsSegment::heartbeat(std::uint64_t unix_ns, std::uint64_t monotonic_ns) noexcept {
    shm::publish_heartbeat(header(), unix_ns, monotonic_ns);
}
void StatsSegment::set_state(tidemark_collector_state state) noexcept {
    shm::publish_state(header(), state);
}

}  // namespace tidemark::collector
