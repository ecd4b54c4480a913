// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/growth.hpp"

#include <algorithm>
#include <optional>

#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

constexpr std::size_t kLeastSeconds = 60;
constexpr std::size_t kParts = 4;

// One value a second up to now, from the first change that the ring still holds. A second without a change has the
// value of the one before.
std::vector<std::uint64_t> seconds_of(const StatsReader& reader, const tidemark_history_row& row,
                                      std::uint64_t now) {
    constexpr std::uint64_t kPeriod = TIDEMARK_HISTORY_COARSE_PERIOD_NS;
    constexpr std::uint64_t kCount = TIDEMARK_HISTORY_COARSE_COUNT;
    std::vector<std::uint64_t> values;
    std::optional<std::uint64_t> last;
    for (std::uint64_t back = kCount; back-- > 0;) {
        if (now < back * kPeriod) {
            continue;
        }
        if (const auto sample = reader.history(row, true, now - back * kPeriod)) {
            last = sample->current;
        }
        if (last) {
            values.push_back(*last);
        }
    }
    return values;
}

}  // namespace

bool only_grows(const std::vector<std::uint64_t>& values) {
    if (values.size() < kLeastSeconds) {
        return false;
    }
    std::optional<std::uint64_t> before;
    for (std::size_t part = 0; part < kParts; ++part) {
        const auto at = [&](std::size_t i) {
            return values.begin() + static_cast<std::ptrdiff_t>(values.size() * i / kParts);
        };
        const std::uint64_t lowest = *std::min_element(at(part), at(part + 1));
        if (before && lowest <= *before) {
            return false;
        }
        before = lowest;
    }
    return true;
}

std::vector<Growth> find_growth(const StatsReader& reader, std::uint64_t now_unix_ns) {
    std::vector<Growth> found;
    for (const auto& row : reader.all<tidemark_history_row>()) {
        const std::vector<std::uint64_t> values = seconds_of(reader, row, now_unix_ns);
        if (only_grows(values)) {
            std::string name(text_of(row.pool_name));
            if (name.empty()) {
                name = standard_pool_name(row.pool);
            }
            found.push_back(
                {row.device, row.pool, name, values.front(), values.back(), values.size() * 1000});
        }
    }
    return found;
}

}  // namespace tidemark::model
