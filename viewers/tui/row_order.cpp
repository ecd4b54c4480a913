// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/row_order.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>

#include "viewers/tui/row_text.hpp"

namespace tidemark::tui {
namespace {

using model::Process;

std::string text_key(const Process& process, Column column) {
    switch (column) {
        case Column::kUser:
            return user_text(process);
        case Column::kState:
            return state_text(process);
        default:
            return process.command || process.name ? command_text(process) : std::string();
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

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

bool is_rate(Column column) { return column == Column::kByteRate || column == Column::kEventRate; }

// The change, if there is a mark, but for rates.
std::int64_t amount_of(const ProcessRow& row, Amount Sums::*amount, bool is_change) {
    const auto& value = (row.sums->*amount).value;
    const auto base = is_change ? (row.base->*amount).value : std::optional<std::uint64_t>(0);
    return value && base ? static_cast<std::int64_t>(*value - *base) : kLowest;
}

// Of every image its pid, to say who a parent is.
class Pids {
public:
    explicit Pids(const model::Snapshot& snapshot) {
        for (const Process& process : snapshot.processes)
            if (process.pid) pids_[process.image] = *process.pid;
    }
    // 0: it has none.
    std::int64_t of(std::uint64_t image) const {
        if (image == 0) return 0;
        const auto at = pids_.find(image);
        return at != pids_.end() ? at->second : kLowest;
    }

private:
    std::unordered_map<std::uint64_t, std::int32_t> pids_;
};

struct NumberKey {
    std::int64_t value;
    std::size_t row;
};
struct TextKey {
    std::string value;
    std::size_t row;
};
struct DevicesKey {
    std::vector<std::uint32_t> value;
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

void sort_by_number(std::vector<ProcessRow>& rows, const World& world, const State& state) {
    const auto [chosen, descending] = order_of(state.settings);
    const Column column = chosen;  // a lambda can take it
    const bool is_change = state.mark && !is_rate(column);
    if (Amount Sums::*const amount = amount_key(column)) {
        sort_by<NumberKey>(rows, descending, [&](const ProcessRow& row) {
            return amount_of(row, amount, is_change);
        });
    } else if (column == Column::kParent) {
        const Pids pids(world.snapshot);
        sort_by<NumberKey>(rows, descending, [&](const ProcessRow& row) {
            return pids.of(row.process->parent_image);
        });
    } else {
        sort_by<NumberKey>(rows, descending, [&](const ProcessRow& row) {
            if (column == Column::kPid)
                return row.process->pid ? std::int64_t{*row.process->pid} : kLowest;
            const auto age = age_ms(*row.process, world.snapshot.time_unix_ns);
            return age ? static_cast<std::int64_t>(*age) : kLowest;
        });
    }
}

}  // namespace

void sort_rows(std::vector<ProcessRow>& rows, const World& world, const State& state) {
    const auto [chosen, descending] = order_of(state.settings);
    const Column column = chosen;
    if (column == Column::kDevices) {
        sort_by<DevicesKey>(rows, descending,
                            [](const ProcessRow& row) { return devices_of(*row.process); });
    } else if (info(column).is_text) {
        sort_by<TextKey>(rows, descending, [column](const ProcessRow& row) {
            return text_key(*row.process, column);
        });
    } else {
        sort_by_number(rows, world, state);
    }
}

}  // namespace tidemark::tui
