// SPDX-License-Identifier: Apache-2.0
//
// A world for the screens' tests as a real collector told it: recorded/machine.json is what `tidemark query --json` wrote
// of real programs, and recorded/record.py records it anew. Only what the screens show is read back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "unit/tui/golden.hpp"
#include "viewers/model/names.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::test {

using Json = nlohmann::ordered_json;

template <class T>
std::optional<T> known(const Json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

inline std::uint32_t device_of(const Json& value) {
    return value.is_string() ? std::uint32_t{TIDEMARK_DEVICE_HOST} : value.get<std::uint32_t>();
}

inline std::uint32_t memory_of(const std::string& word) {
    std::uint32_t memory = 0;
    while (memory < TIDEMARK_MEMORY_COUNT && model::memory_word(memory) != word)
        ++memory;
    return memory;
}

inline std::uint32_t pool_of(const std::string& name) {
    std::uint32_t pool = 0;
    while (pool < TIDEMARK_POOL_FIRST_NAMED && model::standard_pool_name(pool) != name)
        ++pool;
    return pool;
}

inline model::PoolUsage usage_of(std::uint32_t device, const Json& from) {
    model::PoolUsage usage;
    usage.device = device;
    usage.pool_name = from.at("pool");
    usage.pool = pool_of(usage.pool_name);
    usage.memory = memory_of(from.at("memory"));
    usage.current = from.at("allocated");
    usage.peak = from.at("peak");
    usage.total_allocated = from.at("total_allocated");
    usage.total_freed = from.at("total_freed");
    usage.live = from.at("live");
    usage.allocations = from.at("allocations");
    usage.frees = from.at("frees");
    usage.exact = from.at("exact");
    usage.peak_exact = from.at("peak_exact");
    return usage;
}

inline model::Device device_from(const Json& from) {
    model::Device device;
    device.device = device_of(from.at("device"));
    device.name = known<std::string>(from.at("name"));
    for (const Json& memory : from.at("memories")) {
        device.memories.push_back({memory_of(memory.at("memory")),
                                   known<std::uint64_t>(memory.at("capacity")),
                                   known<std::uint64_t>(memory.at("allocated"))});
    }
    for (const Json& pool : from.at("pools"))
        device.pools.push_back(usage_of(device.device, pool));
    return device;
}

inline std::uint64_t image_from(const Json& word) {
    return word.is_null() ? 0 : std::stoull(word.get<std::string>(), nullptr, 16);
}

inline model::Process process_from(const Json& from) {
    model::Process process;
    process.image = image_from(from.at("image"));
    process.parent_image = image_from(from.at("parent_image"));
    process.pid = known<std::int32_t>(from.at("pid"));
    process.uid = from.at("uid");
    process.user = known<std::string>(from.at("user"));
    process.name = known<std::string>(from.at("name"));
    process.command = known<std::string>(from.at("command"));
    process.start_unix_ns = known<std::uint64_t>(from.at("start_time"));
    process.exit_unix_ns = known<std::uint64_t>(from.at("exit_time"));
    process.exited = from.at("state") == "exited";
    process.exact = from.at("exact");
    process.events = from.at("events");
    if (!from.at("exit_status").is_null()) {
        process.ending = TIDEMARK_ENDING_EXITED;
        process.ending_code = from.at("exit_status");
    }
    for (const Json& usage : from.at("usage"))
        process.usage.push_back(usage_of(device_of(usage.at("device")), usage));
    return process;
}

inline tui::World recorded_world() {
    const Json from = Json::parse(text_of_file(tui_file("recorded/machine.json")));
    tui::World world;
    model::Snapshot& snapshot = world.snapshot;
    snapshot.time_unix_ns = from.at("time_unix_ns");
    snapshot.consistent = from.at("consistent");
    snapshot.collector.instance = from.at("collector").at("instance");
    snapshot.collector.pid = from.at("collector").at("pid");
    snapshot.collector.state = model::CollectorState::kRunning;
    snapshot.collector.heartbeat_age_ms = from.at("collector").at("heartbeat_age_ms");
    snapshot.collector.counters.emplace().events = from.at("collector").at("events");
    for (const Json& device : from.at("devices"))
        snapshot.devices.push_back(device_from(device));
    for (const Json& process : from.at("processes"))
        snapshot.processes.push_back(process_from(process));
    model::sort(snapshot);
    for (int second = 0; second < 2; ++second)
        world.trails.sample(snapshot, 1);
    for (const model::Process& process : snapshot.processes)
        world.sums.push_back(tui::sums_of(process, world.trails));
    return world;
}

}  // namespace tidemark::test
