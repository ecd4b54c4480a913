// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/holdings.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"

namespace tidemark::model {

using Json = nlohmann::ordered_json;

std::vector<Holding> largest_first(std::vector<Holding> holdings) {
    std::stable_sort(holdings.begin(), holdings.end(),
                     [](const Holding& a, const Holding& b) { return a.bytes > b.bytes; });
    return holdings;
}

std::vector<Holding> holdings_of(const Snapshot& snapshot, bool exited) {
    std::vector<Holding> holdings;
    for (const Process& process : snapshot.processes) {
        for (const PoolUsage& usage : process.usage) {
            if (process.exited != exited || usage.live == 0) {
                continue;
            }
            Holding holding{process.pid,
                            process.name.value_or(""),
                            process.image,
                            {},
                            usage.device,
                            usage.pool_name,
                            usage.live,
                            usage.current,
                            usage.exact,
                            {},
                            ending_text(process.ending, process.ending_code)};
            if (process.exit_unix_ns && *process.exit_unix_ns < snapshot.time_unix_ns) {
                holding.ended_ms_ago = (snapshot.time_unix_ns - *process.exit_unix_ns) / 1'000'000;
            }
            holdings.push_back(std::move(holding));
        }
    }
    return largest_first(std::move(holdings));
}

void add_oldest(std::vector<Holding>& running, const BufferList& live) {
    std::map<std::tuple<std::uint64_t, std::uint32_t, std::string>, std::uint64_t> oldest;
    for (const Buffer& buffer : live.buffers) {
        std::uint64_t& age = oldest[{buffer.image, buffer.device, live.pool_name(buffer)}];
        age = std::max(age, buffer.age_ms.value_or(0));
    }
    for (Holding& holding : running) {
        const auto at = oldest.find({holding.image, holding.device, holding.pool_name});
        if (at != oldest.end()) {
            holding.oldest_ms = at->second;
        }
    }
}

Json holdings_json(const std::vector<Holding>& holdings) {
    Json list = Json::array();
    for (const Holding& holding : holdings) {
        list.push_back(
            {{"pid", holding.pid ? Json(*holding.pid) : Json(nullptr)},
             {"name", holding.name.empty() ? Json(nullptr) : Json(holding.name)},
             {"image", holding.image != 0 ? Json(image_word(holding.image)) : Json(nullptr)},
             {"device", device_json(holding.device)},
             {"pool", holding.pool_name},
             {"live", holding.count},
             {"bytes", holding.bytes},
             {"exact", holding.exact}});
    }
    return list;
}

Json growing_json(const std::vector<Growth>& growing) {
    Json list = Json::array();
    for (const Growth& growth : growing) {
        list.push_back({{"device", device_json(growth.device)},
                        {"pool", growth.pool_name},
                        {"from_bytes", growth.from_bytes},
                        {"to_bytes", growth.to_bytes},
                        {"span_ms", growth.span_ms}});
    }
    return list;
}

}  // namespace tidemark::model
