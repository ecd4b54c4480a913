// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/snapshot_json.hpp"

#include <nlohmann/json.hpp>

#include "tidemark/words.h"
#include "viewers/model/hardware_json.hpp"
#include "viewers/model/snapshot_text.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::model {

using Json = nlohmann::ordered_json;

Json to_json(const Collector& collector) { return Json::parse(text_of(collector)); }
Json to_json(const Device& device) { return Json::parse(text_of(device)); }
Json to_json(const Process& process) { return Json::parse(text_of(process)); }

Json device_json(std::uint32_t device) {
    return device == TIDEMARK_DEVICE_HOST ? Json("host") : Json(device);
}

Json to_json(const Snapshot& snapshot) {
    Json document = Json::parse(head_text(snapshot));
    document["devices"] = Json::array();
    for (const Device& device : snapshot.devices) {
        document["devices"].push_back(to_json(device));
        add_hardware(document["devices"].back(), snapshot, device.device);
    }
    add_unassigned(document, snapshot);
    document["processes"] = Json::array();
    for (const Process& process : snapshot.processes) {
        document["processes"].push_back(to_json(process));
    }
    document["regions"] = Json::array();
    for (const Region& region : snapshot.regions) {
        document["regions"].push_back(Json::parse(text_of(region)));
    }
    return document;
}

std::string dump(const Json& document, int indent) {
    return without_raw_controls(
        document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace tidemark::model
