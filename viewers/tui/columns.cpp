// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/columns.hpp"

#include <algorithm>
#include <numeric>

namespace tidemark::tui {

std::optional<Column> column_named(std::string_view name) {
    for (const ColumnInfo& one : kColumnTable) {
        if (name == one.name) return one.column;
    }
    return std::nullopt;
}

std::vector<Column> default_columns() {
    return {Column::kPid,      Column::kUser,      Column::kState,  Column::kDevices,
            Column::kDram,     Column::kL1,        Column::kHost,   Column::kLive,
            Column::kByteRate, Column::kEventRate, Column::kCommand};
}

std::vector<std::size_t> fitting(const std::vector<Column>& wanted,
                                 const std::vector<std::size_t>& widths, std::size_t width,
                                 Column kept) {
    std::vector<std::size_t> shown(wanted.size());
    std::iota(shown.begin(), shown.end(), std::size_t{0});
    const auto needed = [&] {
        std::size_t sum = 0;
        for (const std::size_t i : shown)
            sum += widths[i] + 1;
        return sum;
    };
    const auto expendable = [&](std::size_t i) {
        return wanted[i] == kept ? 0 : info(wanted[i]).expendable;
    };
    while (needed() > width + 1) {
        const auto worst = std::max_element(
            shown.begin(), shown.end(),
            [&](std::size_t a, std::size_t b) { return expendable(a) < expendable(b); });
        if (worst == shown.end() || expendable(*worst) == 0) break;
        shown.erase(worst);
    }
    return shown;
}

}  // namespace tidemark::tui
