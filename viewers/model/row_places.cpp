// SPDX-License-Identifier: Apache-2.0
//
// Which row stands for what of a snapshot that was read whole, and which rows its filter hides.
#include "viewers/model/changed_rows.hpp"
#include "viewers/model/rows.hpp"

namespace tidemark::model {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

std::size_t usage_place(const Process& process, std::uint32_t device, std::uint32_t pool) {
    for (std::size_t i = 0; i < process.usage.size(); ++i) {
        if (process.usage[i].device == device && process.usage[i].pool == pool) return i;
    }
    return kNone;
}

}  // namespace

void ChangedRows::remember(const StatsReader& reader, const Snapshot& snapshot,
                           const Filter& filter, std::uint64_t moment) {
    filter_ = filter;
    moment_ = moment;
    is_changed_.assign(snapshot.processes.size(), false);
    is_known_ = remember_processes(reader, snapshot) && remember_usage(reader, snapshot);
}

bool ChangedRows::remember_processes(const StatsReader& reader, const Snapshot& snapshot) {
    std::unordered_map<std::uint64_t, std::size_t> index;
    for (std::size_t i = 0; i < snapshot.processes.size(); ++i)
        index[snapshot.processes[i].image] = i;
    process_places_.assign(reader.rows<tidemark_process_row>(), {});
    rows_of_images_.clear();
    std::size_t shown = 0;
    for (std::uint32_t i = 0; i < process_places_.size(); ++i) {
        ProcessKey key{};
        const int result = read_key(reader, i, key);
        if (result == TIDEMARK_READ_FREE) continue;
        const auto at = index.find(key.image);
        const bool wanted = filter_.wants_process(key.pid, key.uid, key.start_ticks);
        const bool is_shown = at != index.end();
        // One that touched no wanted device is hidden though it is wanted.
        if (result != TIDEMARK_READ_OK || (is_shown && !wanted) ||
            (!is_shown && wanted && !filter_.by_usage())) {
            return false;
        }
        process_places_[i] = {true, wanted, key.image, is_shown ? at->second : kNowhere};
        rows_of_images_[key.image] = i;
        shown += is_shown ? 1 : 0;
    }
    return shown == snapshot.processes.size();
}

bool ChangedRows::remember_usage(const StatsReader& reader, const Snapshot& snapshot) {
    usage_places_.assign(reader.rows<tidemark_process_usage_row>(), {});
    std::size_t shown = 0;
    for (std::uint32_t i = 0; i < usage_places_.size(); ++i) {
        UsageKey key{};
        const int result = read_key(reader, i, key);
        if (result == TIDEMARK_READ_FREE) continue;
        tidemark_process_usage_row row;
        if (result != TIDEMARK_READ_OK || !read_usage(reader, i, row) ||
            !place_usage(row, snapshot, usage_places_[i])) {
            return false;
        }
        shown += usage_places_[i].process != kNowhere ? 1 : 0;
    }
    std::size_t in_snapshot = 0;
    for (const Process& process : snapshot.processes)
        in_snapshot += process.usage.size();
    return shown == in_snapshot;
}

bool ChangedRows::place_usage(const tidemark_process_usage_row& row, const Snapshot& snapshot,
                              UsagePlace& place) const {
    place = {true, row.device, row.pool, row.image, kNowhere, kNowhere};
    const auto at = rows_of_images_.find(row.image);
    const bool is_wanted = at != rows_of_images_.end() && process_places_[at->second].wanted &&
                           filter_.wants_device(row.device) &&
                           filter_.wants_pool(pool_name_of(row));
    if (!is_wanted) return true;
    const std::size_t process = process_places_[at->second].process;
    if (process == kNowhere) return false;
    const std::size_t usage = usage_place(snapshot.processes[process], row.device, row.pool);
    if (usage == kNowhere) return false;
    place.process = process;
    place.usage = usage;
    return true;
}

}  // namespace tidemark::model
