// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/growth.hpp"

#include <algorithm>
#include <optional>

#include "viewers/model/history.hpp"

namespace tidemark::model {
namespace {

constexpr std::size_t kParts = 4;
constexpr std::uint64_t kLargestFall = 4;  // as a share of the rise: one of so many parts

// One value a second up to now, from the first that is known. A second of which nothing is known has the value of the
// one before.
std::vector<std::uint64_t> known_values(const PoolHistory& history) {
    std::vector<std::uint64_t> values;
    for (const HistoryPoint& point : history.points) {
        if (point.current) {
            values.push_back(*point.current);
        } else if (!values.empty()) {
            values.push_back(values.back());
        }
    }
    return values;
}

// Of each part of the time, the lowest value is above that of the part before.
bool rises_throughout(const std::vector<std::uint64_t>& values) {
    std::optional<std::uint64_t> before;
    for (std::size_t part = 0; part < kParts; ++part) {
        const auto at = [&](std::size_t i) {
            return values.begin() + static_cast<std::ptrdiff_t>(values.size() * i / kParts);
        };
        const std::uint64_t lowest = *std::min_element(at(part), at(part + 1));
        if (before && lowest <= *before) return false;
        before = lowest;
    }
    return true;
}

// From any value to a later one, against the lowest and the highest of all.
bool falls_far(const std::vector<std::uint64_t>& values) {
    std::uint64_t lowest = values.front(), highest = values.front(), fall = 0;
    for (const std::uint64_t value : values) {
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
        fall = std::max(fall, highest - value);
    }
    return fall > (highest - lowest) / kLargestFall;
}

}  // namespace

bool only_grows(const std::vector<std::uint64_t>& values, std::size_t least) {
    return values.size() >= std::max(least, kParts) && rises_throughout(values) &&
           !falls_far(values);
}

GrowthFindings find_growth(const StatsReader& reader, std::uint64_t now_unix_ns) {
    GrowthFindings found;
    for (const PoolHistory& history : read_history(reader, {Resolution::kCoarse, now_unix_ns, 0})) {
        const std::vector<std::uint64_t> values = known_values(history);
        found.is_judged = found.is_judged || values.size() >= kLeastGrowthSeconds;
        if (only_grows(values)) {
            found.growing.push_back({history.device, history.pool, history.pool_name,
                                     values.front(), values.back(), values.size() * 1000});
        }
    }
    return found;
}

}  // namespace tidemark::model
