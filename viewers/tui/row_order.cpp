// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/row_order.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace tidemark::tui {
namespace {

using model::Process;

std::string_view text_key(const Process& process, Column column) {
    const auto known = [](const std::optional<std::string>& text) {
        return text ? std::string_view(*text) : std::string_view();
    };
    switch (column) {
        case Column::kUser:
            return known(process.user);
        case Column::kCommand:
            return process.command ? known(process.command) : known(process.name);
        case Column::kState:
            return process.exited ? "exited" : "run";
        default:
            return {};
    }
}

Amount Sums::*amount_key(Column column) {
    switch (column) {
        case Column::kDram:
            return &Sums::dram;
        case Column::kL1:
            return &Sums::l1;
        case Column::kHost:
            return &Sums::host;
        case Column::kOther:
            return &Sums::other;
        case Column::kPeak:
            return &Sums::peak;
        case Column::kLive:
            return &Sums::live;
        case Column::kByteRate:
            return &Sums::bytes_per_second;
        case Column::kEventRate:
            return &Sums::count_per_second;
        case Column::kEvents:
            return &Sums::events;
        case Column::kLost:
            return &Sums::lost;
        default:
            return nullptr;
    }
}

// As it is shown: the change, if there is a mark.
std::int64_t number_key(const ProcessRow& row, Column column) {
    if (Amount Sums::*const amount = amount_key(column)) {
        const auto& value = (row.sums->*amount).value;
        return value ? static_cast<std::int64_t>(*value - (row.base->*amount).value.value_or(0))
                     : std::numeric_limits<std::int64_t>::min();
    }
    const Process& process = *row.process;
    switch (column) {
        case Column::kPid:
            return process.pid.value_or(0);
        case Column::kParent:
            return static_cast<std::int64_t>(process.parent_image >> 1);
        case Column::kDevices:
            return process.usage.empty() ? -1 : process.usage.front().device;
        case Column::kAge:  // the oldest has the highest age
            return process.start_unix_ns ? -static_cast<std::int64_t>(*process.start_unix_ns)
                                         : std::numeric_limits<std::int64_t>::min();
        default:
            return 0;
    }
}

// Made once a row; what a thousand rows are sorted by ten times a second is small.
struct NumberKey {
    std::int64_t value;
    std::size_t row;
};
struct TextKey {
    std::string_view value;
    std::size_t row;
};

template <class Key>
void sort_by(std::vector<ProcessRow>& rows, std::vector<Key>& keys, bool descending) {
    const auto before = [descending](const Key& a, const Key& b) {
        if (a.value != b.value) return (a.value < b.value) != descending;
        return a.row < b.row;
    };
    if (std::is_sorted(keys.begin(), keys.end(), before)) return;
    std::sort(keys.begin(), keys.end(), before);
    std::vector<ProcessRow> sorted;
    sorted.reserve(rows.size());
    for (const Key& key : keys)
        sorted.push_back(rows[key.row]);
    rows = std::move(sorted);
}

template <class Key, class KeyOf>
void sort_by(std::vector<ProcessRow>& rows, bool descending, KeyOf key_of) {
    std::vector<Key> keys;
    keys.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        keys.push_back({key_of(rows[i]), i});
    sort_by(rows, keys, descending);
}

}  // namespace

void sort_rows(std::vector<ProcessRow>& rows, const Settings& settings) {
    const auto [chosen, descending] = order_of(settings);
    const Column column = chosen;  // a lambda can take it
    if (info(column).is_text && column != Column::kDevices) {
        sort_by<TextKey>(rows, descending, [column](const ProcessRow& row) {
            return text_key(*row.process, column);
        });
    } else {
        sort_by<NumberKey>(rows, descending,
                           [column](const ProcessRow& row) { return number_key(row, column); });
    }
}

}  // namespace tidemark::tui
