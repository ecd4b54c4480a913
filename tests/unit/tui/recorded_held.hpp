// SPDX-License-Identifier: Apache-2.0
//
// What one program of the recorded machine held, and the machine's last minute: recorded/held.json.
#pragma once

#include <map>

#include "unit/tui/recorded_world.hpp"
#include "viewers/model/call_sites.hpp"

namespace tidemark::test {

inline std::vector<model::PoolHistory> history_from(const Json& pools) {
    std::vector<model::PoolHistory> all;
    for (const Json& from : pools) {
        model::PoolHistory& one = all.emplace_back();
        one.device = device_of(from.at("device"));
        one.pool_name = from.at("pool");
        one.pool = pool_of(one.pool_name);
        for (std::size_t i = 0; i < from.at("current").size(); ++i) {
            one.points.push_back({known<std::uint64_t>(from.at("current")[i]),
                                  known<std::uint64_t>(from.at("highest")[i])});
        }
    }
    return all;
}

inline model::BufferList buffers_from(const Json& buffers) {
    model::BufferList list;
    std::map<std::string, std::uint32_t> stacks;
    for (const Json& from : buffers) {
        std::uint32_t& stack = stacks[from.at("stack").dump()];
        if (stack == 0) {
            model::CallStack& one = list.stacks.emplace_back();
            for (const Json& frame : from.at("stack"))
                one.frames.push_back(model::parse_frame(frame.get<std::string>()));
            stack = static_cast<std::uint32_t>(list.stacks.size());
        }
        list.buffers.push_back({image_from(from.at("image")), from.at("pid"),
                                device_of(from.at("device")), list.pool_index(from.at("pool")),
                                from.at("id"), from.at("size"),
                                known<std::uint64_t>(from.at("age_ms")), stack});
    }
    return list;
}

inline tui::Detail detail_from(const Json& from, std::uint64_t image) {
    tui::Detail detail;
    detail.image = image;
    for (const Json& one : from.at("sizes")) {
        model::SizeHistogram& sizes = detail.histograms.emplace_back();
        sizes.device = one.at("device");
        sizes.pool = one.at("pool");
        sizes.counts = one.at("counts");
    }
    const model::BufferList list = buffers_from(from.at("buffers"));
    tui::HeldBuffers& held = detail.buffers.emplace();
    held.count = list.buffers.size();
    held.largest = model::first_of(list, model::BufferOrder::kSize, 10);
    held.oldest = model::first_of(list, model::BufferOrder::kAge, 10);
    held.sites = model::call_sites_of(list);
    return detail;
}

// With history, and that program's own figures, for when it is open.
inline tui::World recorded_world_with_lists() {
    tui::World world = recorded_world();
    const Json from = Json::parse(text_of_file(tui_file("recorded/held.json")));
    world.history = history_from(from.at("history"));
    for (const model::Process& process : world.snapshot.processes) {
        if (process.pid == from.at("pid").get<std::int32_t>())
            world.detail = detail_from(from, process.image);
    }
    return world;
}

}  // namespace tidemark::test
