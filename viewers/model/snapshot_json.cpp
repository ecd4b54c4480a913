// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/snapshot_json.hpp"

#include <nlohmann/json.hpp>

#include "tidemark/stats_abi.h"
#include "viewers/model/hardware_json.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::model {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json loss_json(const Loss& loss) {
    Json causes = Json::object();
    for (std::uint32_t cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        causes[std::string(loss_key(cause))] = {{"count", loss.count(cause)},
                                                {"bytes", loss.bytes[cause]}};
    }
    return causes;
}

void add_pool(Json& object, const PoolUsage& usage) {
    object["pool"] = usage.pool_name;
    object["memory"] = memory_word(usage.memory);
    object["allocated"] = usage.current;
    object["peak"] = usage.peak;
    object["total_allocated"] = usage.total_allocated;
    object["total_freed"] = usage.total_freed;
    object["live"] = usage.live;
    object["allocations"] = usage.allocations;
    object["frees"] = usage.frees;
    object["exact"] = usage.exact;
    object["peak_exact"] = usage.peak_exact;
    object["freed_by_exit"] = usage.freed_by_exit;
    object["superseded"] = usage.superseded;
}

void add_counters(Json& object, const Collector::Counters& counters) {
    object["passes"] = counters.passes;
    object["processes_running"] = counters.processes_running;
    object["processes_seen"] = counters.processes_seen;
    object["rings_attached"] = counters.rings_attached;
    object["rings_quarantined"] = counters.rings_quarantined;
    object["rings_refused"] = counters.rings_refused;
    object["untracked_images"] = counters.untracked_images;
    object["recoveries"] = counters.recoveries;
    object["restarts"] = counters.restarts;
    object["rows_dropped"] = counters.rows_dropped;
    object["rows_refused"] = counters.rows_refused;
    object["sink_dropped"] = counters.sink_dropped;
    object["audits"] = counters.audits;
    object["audit_differences"] = counters.audit_differences;
    object["publish_latency_last_ns"] = counters.publish_latency_last_ns;
    object["publish_latency_highest_ns"] = counters.publish_latency_highest_ns;
}

Json collector_json(const Collector& collector) {
    Json object;
    object["pid"] = collector.pid > 0 ? Json(collector.pid) : Json(nullptr);
    const bool none = collector.state == CollectorState::kNone;
    object["state"] = none ? Json(nullptr) : Json(state_word(collector.state));
    object["heartbeat_age_ms"] = or_null(collector.heartbeat_age_ms);
    object["events"] = collector.counters ? Json(collector.counters->events) : Json(nullptr);
    object["lost"] =
        none ? Json(nullptr) : loss_json(collector.counters ? collector.counters->lost : Loss{});
    object["instance"] = collector.instance;
    object["generation"] = none ? Json(nullptr) : Json(image_word(collector.generation));
    if (collector.counters) {
        add_counters(object, *collector.counters);
    }
    return object;
}

Json device_to_json(const Device& device) {
    Json object;
    object["device"] = device_json(device.device);
    object["name"] = or_null(device.name);
    object["arch"] = text_or_null(architecture_name(device.arch));
    object["memories"] = Json::array();
    for (const Memory& memory : device.memories) {
        object["memories"].push_back({{"memory", memory_word(memory.memory)},
                                      {"capacity", or_null(memory.capacity)},
                                      {"allocated", or_null(memory.allocated)}});
    }
    object["pools"] = Json::array();
    for (const PoolUsage& usage : device.pools) {
        Json pool;
        add_pool(pool, usage);
        object["pools"].push_back(std::move(pool));
    }
    return object;
}

Json usage_json(const std::vector<PoolUsage>& usages) {
    Json list = Json::array();
    for (const PoolUsage& usage : usages) {
        Json entry = {{"device", device_json(usage.device)}};
        add_pool(entry, usage);
        list.push_back(std::move(entry));
    }
    return list;
}

Json process_json(const Process& process) {
    Json object;
    object["image"] = image_word(process.image);
    object["parent_image"] =
        process.parent_image != 0 ? Json(image_word(process.parent_image)) : Json(nullptr);
    object["pid"] = or_null(process.pid);
    object["start_time"] = or_null(process.start_unix_ns);
    object["uid"] = process.uid;
    object["user"] = or_null(process.user);
    object["name"] = or_null(process.name);
    object["command"] = or_null(process.command);
    object["state"] = process.exited ? "exited" : "running";
    object["usage"] = usage_json(process.usage);
    object["unknown_frees"] = process.unknown_frees;
    object["inherited_frees"] = process.inherited_frees;
    object["duplicates"] = process.duplicates;
    object["lost"] = loss_json(process.lost);
    object["exit_time"] = or_null(process.exit_unix_ns);
    object["events"] = process.events;
    object["exact"] = process.exact;
    object["ambiguous_frees"] = process.ambiguous_frees;
    object["gap_consequences"] = process.gap_consequences;
    object["clock_steps"] = process.clock_steps;
    object["ending"] = text_or_null(ending_word(process.ending));
    const bool by_signal =
        process.ending == TIDEMARK_ENDING_KILLED || process.ending == TIDEMARK_ENDING_CRASHED;
    object["exit_status"] =
        process.ending == TIDEMARK_ENDING_EXITED ? Json(process.ending_code) : Json(nullptr);
    object["signal"] = by_signal ? Json(process.ending_code) : Json(nullptr);
    object["origin"] = origin_word(process.origin);
    object["quarantine"] = text_or_null(quarantine_words(process.quarantine));
    object["sandboxed"] = process.sandboxed;
    return object;
}

Json region_json(const Region& region) {
    Json object;
    object["region"] = std::to_string(region.region);  // beyond what JSON's numbers hold exactly
    object["device"] = region.device;
    object["remote"] = region.is_remote;
    object["pid"] = or_null(region.pid);
    object["name"] = text_or_null(region.name);
    object["instrumented"] = region.instrumented;
    object["pools"] = {{"DRAM", region.dram},
                       {"L1", region.l1},
                       {"L1_SMALL", region.l1_small},
                       {"TRACE", region.trace},
                       {"CB", region.cb}};
    return object;
}

}  // namespace

Json device_json(std::uint32_t device) {
    return device == TIDEMARK_DEVICE_HOST ? Json("host") : Json(device);
}

Json to_json(const Snapshot& snapshot) {
    Json document;
    document["schema"] = kJsonSchema;
    document["time_unix_ns"] = snapshot.time_unix_ns;
    document["consistent"] = snapshot.consistent;
    document["collector"] = collector_json(snapshot.collector);
    document["devices"] = Json::array();
    for (const Device& device : snapshot.devices) {
        document["devices"].push_back(device_to_json(device));
        add_hardware(document["devices"].back(), snapshot, device.device);
    }
    add_unassigned(document, snapshot);
    document["processes"] = Json::array();
    for (const Process& process : snapshot.processes) {
        document["processes"].push_back(process_json(process));
    }
    document["regions"] = Json::array();
    for (const Region& region : snapshot.regions)
        document["regions"].push_back(region_json(region));
    return document;
}

std::string dump(const Json& document, int indent) {
    return without_raw_controls(
        document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace tidemark::model
