// SPDX-License-Identifier: Apache-2.0
//
// What a person can choose from, and what a mark keeps of a world.
#include <algorithm>
#include <map>

#include "viewers/tui/state.hpp"

namespace tidemark::tui {

Mark mark_of(const World& world) {
    Mark mark;
    mark.unix_ns = world.snapshot.time_unix_ns;
    for (const model::Device& device : world.snapshot.devices) {
        for (const model::PoolUsage& pool : device.pools) {
            mark.pools[{0, pool.device, pool.pool}] = pool;
        }
    }
    for (std::size_t i = 0; i < world.sums.size(); ++i) {
        const model::Process& process = world.snapshot.processes[i];
        mark.sums[process.image] = world.sums[i];
        for (const model::PoolUsage& pool : process.usage) {
            mark.pools[{process.image, pool.device, pool.pool}] = pool;
        }
    }
    if (world.detail) {
        mark.opened = world.detail->image;
        mark.sizes = sizes_of(*world.detail);
    }
    return mark;
}

std::vector<UserChoice> users_of(const model::Snapshot& snapshot) {
    std::map<std::uint32_t, std::string> names;
    for (const model::Process& process : snapshot.processes) {
        names[process.uid] = process.user.value_or(std::to_string(process.uid));
    }
    std::vector<UserChoice> users;
    users.reserve(names.size());
    for (const auto& [uid, name] : names)
        users.push_back({uid, name});
    std::stable_sort(users.begin(), users.end(),
                     [](const UserChoice& a, const UserChoice& b) { return a.name < b.name; });
    return users;
}

Order order_of(const Settings& settings) {
    const auto has = [&](Column column) {
        return std::find(settings.columns.begin(), settings.columns.end(), column) !=
               settings.columns.end();
    };
    if (has(settings.sort)) return {settings.sort, settings.descending};
    const Column other = has(Settings().sort) ? Settings().sort : settings.columns.front();
    return {other, !info(other).is_text};
}

std::vector<Column> listed_columns(const Settings& settings) {
    std::vector<Column> listed = settings.columns;
    for (const ColumnInfo& one : kColumnTable) {
        if (std::find(listed.begin(), listed.end(), one.column) == listed.end()) {
            listed.push_back(one.column);
        }
    }
    return listed;
}

}  // namespace tidemark::tui
