// SPDX-License-Identifier: Apache-2.0
//
// /api/v1/devices, /api/v1/history, and the older tools' /api/devices with its five keys.
#include "tidemark/words.h"
#include "viewers/model/history.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/status_lines.hpp"
#include "viewers/web/api.hpp"
#include "viewers/web/api_text.hpp"

namespace tidemark::web {
namespace {

const model::Device* find_device(const model::Snapshot& snapshot, const std::string& word) {
    const auto number = model::parse_device(word);
    for (const model::Device& device : snapshot.devices) {
        if (number == device.device) {
            return &device;
        }
    }
    return nullptr;
}

Response no_such_device(const std::string& word) {
    return error_response(404, "there is no device '" + word + "'",
                          "/api/v1/devices lists those that programs or the configuration named");
}

// The pool alone, as the older tools had it; 0 where the device has had no event of it.
std::uint64_t pool_bytes(const model::Device& device, std::uint32_t pool) {
    for (const model::PoolUsage& usage : device.pools) {
        if (usage.pool == pool) {
            return usage.current;
        }
    }
    return 0;
}

// Exactly these keys: scripts sum the values.
Json older_stats(const model::Device& device) {
    return {{"device_id", device.device},
            {"dram_allocated", pool_bytes(device, TIDEMARK_POOL_DRAM)},
            {"l1_allocated", pool_bytes(device, TIDEMARK_POOL_L1)},
            {"l1_small_allocated", pool_bytes(device, TIDEMARK_POOL_L1_SMALL)},
            {"trace_allocated", pool_bytes(device, TIDEMARK_POOL_TRACE)}};
}

Json points_json(const model::PoolHistory& pool,
                 std::optional<std::uint64_t> model::HistoryPoint::*value) {
    Json list = Json::array();
    for (const model::HistoryPoint& point : pool.points) {
        list.push_back(point.*value ? Json(*(point.*value)) : Json(nullptr));
    }
    return list;
}

}  // namespace

Answer older_devices(const Request& request, Publication& publication) {
    const Parameters parameters(request.target, {});
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const model::Snapshot& snapshot = *publication.now().snapshot;
    // This shape of answer has no place to say that its figures are old.
    if (const std::string silence = model::collector_silence(snapshot.collector);
        !silence.empty()) {
        return error_response(
            503, silence, "start one: `" + model::start_command(snapshot.collector.instance) + "`");
    }
    if (request.target.segments.size() == 4) {
        const std::string& word = request.target.segments[2];
        const model::Device* device = find_device(snapshot, word);
        const bool is_card = device != nullptr && device->device != TIDEMARK_DEVICE_HOST;
        return is_card ? json_response(older_stats(*device)) : no_such_device(word);
    }
    Json list = Json::array();
    for (const model::Device& device : snapshot.devices) {
        if (device.device != TIDEMARK_DEVICE_HOST) {
            list.push_back(older_stats(device));
        }
    }
    return json_response(list);
}

Answer devices(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"device", "pool"});
    const model::Filter filter = parameters.filter();
    if (parameters.problem()) {
        return *parameters.problem();
    }
    model::Snapshot snapshot = *publication.now().snapshot;
    model::apply_to_devices(filter, snapshot);
    Json document = answer_head(snapshot);
    if (request.target.segments.size() == 4) {
        const model::Device* device = find_device(snapshot, request.target.segments[3]);
        if (device == nullptr) {
            return no_such_device(request.target.segments[3]);
        }
        document["device"] = model::to_json(*device);
        return json_response(document);
    }
    document["devices"] = Json::array();
    for (const model::Device& device : snapshot.devices) {
        document["devices"].push_back(model::to_json(device));
    }
    return json_response(document);
}

Answer history(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"device", "pool", "resolution", "points"});
    const model::Filter filter = parameters.filter();
    const bool fine = parameters.one_of("resolution", {"coarse", "fine"}) == "fine";
    const std::size_t points = parameters.number("points", 0, TIDEMARK_HISTORY_COARSE_COUNT);
    if (parameters.problem()) {
        return *parameters.problem();
    }
    Json document = answer_head(*publication.now().snapshot);
    document["resolution"] = fine ? "fine" : "coarse";
    document["pools"] = Json::array();
    const model::HistoryWindow window{fine ? model::Resolution::kFine : model::Resolution::kCoarse,
                                      model::unix_now_ns(), points};
    const auto found = publication.source() != nullptr
                           ? model::read_history(publication.source()->reader(), window)
                           : std::vector<model::PoolHistory>();
    for (const model::PoolHistory& pool : found) {
        if (filter.wants_device(pool.device) && filter.wants_pool(pool.pool_name)) {
            document["pools"].push_back(
                {{"device", model::device_json(pool.device)},
                 {"pool", pool.pool_name},
                 {"first_unix_ns", pool.first_unix_ns},
                 {"period_ns", pool.period_ns},
                 {"current", points_json(pool, &model::HistoryPoint::current)},
                 {"highest", points_json(pool, &model::HistoryPoint::highest)}});
        }
    }
    return json_response(document);
}

}  // namespace tidemark::web
