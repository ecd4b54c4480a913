// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/history.hpp"

#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::model {
namespace {

struct Ring {
    std::uint64_t period;
    std::uint64_t count;
    bool coarse;
};

constexpr Ring kFine = {TIDEMARK_HISTORY_FINE_PERIOD_NS, TIDEMARK_HISTORY_FINE_COUNT, false};
constexpr Ring kCoarse = {TIDEMARK_HISTORY_COARSE_PERIOD_NS, TIDEMARK_HISTORY_COARSE_COUNT, true};

// What a pool held before a window: the last change that the rings still hold.
class Before {
public:
    Before(const StatsReader& reader, const tidemark_history_row& row, std::uint64_t until)
        : reader_(reader), row_(row), until_(until) {}

    std::optional<tidemark_stats_sample> find(const Ring& ring, std::uint64_t first) const {
        if (const auto own = search(ring, first)) {
            return own;
        }
        const std::uint64_t coarse_first = first * ring.period / kCoarse.period;
        if (const auto coarse = ring.coarse ? std::nullopt : search(kCoarse, coarse_first)) {
            return coarse;
        }
        return last_of_all(coarse_first);
    }

private:
    std::optional<tidemark_stats_sample> search(const Ring& ring, std::uint64_t first) const {
        const std::uint64_t newest = until_ / ring.period;
        for (std::uint64_t at = first; at-- > 0 && at + ring.count > newest;) {
            if (const auto sample = reader_.history(row_, ring.coarse, at * ring.period)) {
                return sample;
            }
        }
        return std::nullopt;
    }

    // Longer ago than the ring is long: certain only if nothing newer can have overwritten a later change.
    std::optional<tidemark_stats_sample> last_of_all(std::uint64_t first) const {
        tidemark_stats_sample last{};
        tidemark_stats_sample sample{};
        for (std::uint32_t i = 0; i < kCoarse.count; ++i) {
            if (tidemark_reader_sample(&reader_.raw(), row_.coarse_offset, kCoarse.count, i,
                                       &sample) == TIDEMARK_READ_OK &&
                sample.time > last.time) {
                last = sample;
            }
        }
        const bool certain = last.time != 0 && last.time / kCoarse.period < first;
        return certain ? std::optional(last) : std::nullopt;
    }

    const StatsReader& reader_;
    const tidemark_history_row& row_;
    std::uint64_t until_;
};

// Where no collector looked, the value before is no answer.
std::optional<tidemark_stats_sample> known(std::optional<tidemark_stats_sample> sample) {
    return sample && sample->current != TIDEMARK_SAMPLE_UNKNOWN ? sample : std::nullopt;
}

// Nothing changed from point `from` to before `to`.
void stand(PoolHistory& history, std::size_t from, std::size_t to, std::uint64_t value,
           std::uint64_t known_until) {
    for (; from < to && history.first_unix_ns + from * history.period_ns <= known_until; ++from) {
        history.points[from] = {value, value};
    }
}

std::string name_of(const tidemark_history_row& row) {
    const std::string_view own = text_of(row.pool_name);
    return std::string(own.empty() ? standard_pool_name(row.pool) : own);
}

}  // namespace

std::uint64_t history_known_until(const StatsReader& reader, std::uint64_t now_unix_ns) {
    const std::uint64_t beat = reader.heartbeat_unix_ns();
    const bool lives = reader.state() == TIDEMARK_COLLECTOR_RUNNING &&
                       beat + kStalledAfterMs * 1'000'000 >= now_unix_ns;
    return lives ? now_unix_ns : std::min(beat, now_unix_ns);
}

PoolHistory read_history(const StatsReader& reader, const tidemark_history_row& row,
                         const HistoryWindow& window, std::uint64_t known_until) {
    const Ring& ring = window.resolution == Resolution::kFine ? kFine : kCoarse;
    const std::uint64_t end = window.until_unix_ns / ring.period + 1;
    const std::uint64_t wanted = window.points == 0 ? ring.count : window.points;
    const std::uint64_t first = end - std::min({wanted, ring.count, end});
    PoolHistory history{row.device, row.pool, name_of(row), first * ring.period, ring.period, {}};
    history.points.reserve(end - first);
    auto last = known(Before(reader, row, window.until_unix_ns).find(ring, first));
    history.points.resize(end - first);
    std::size_t filled = 0;
    for (std::size_t i = 0; i < history.points.size(); ++i) {
        const auto sample = reader.history(row, ring.coarse, (first + i) * ring.period);
        if (!sample) continue;
        if (last) {
            stand(history, filled, i, last->current, known_until);
        }
        last = known(sample);
        if (last) history.points[i] = {last->current, last->highest};
        filled = i + 1;
    }
    if (last) {
        stand(history, filled, history.points.size(), last->current, known_until);
    }
    return history;
}

std::vector<PoolHistory> read_history(const StatsReader& reader, const HistoryWindow& window) {
    std::vector<PoolHistory> found;
    const std::uint64_t known_until = history_known_until(reader, window.until_unix_ns);
    for (const auto& row : reader.all<tidemark_history_row>()) {
        found.push_back(read_history(reader, row, window, known_until));
    }
    return found;
}

}  // namespace tidemark::model
