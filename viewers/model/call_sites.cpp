// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/call_sites.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace tidemark::model {
namespace {

std::vector<std::string> texts_of(const CallStack& stack) {
    std::vector<std::string> texts;
    texts.reserve(stack.frames.size());
    for (const CallFrame& frame : stack.frames) {
        texts.push_back(frame_text(frame));
    }
    return texts;
}

}  // namespace

std::vector<CallSite> call_sites_of(const BufferList& list) {
    if (list.stacks.empty()) {
        return {};
    }
    std::vector<CallSite> by_stack(list.stacks.size() + 1);
    for (const Buffer& buffer : list.buffers) {
        ++by_stack[buffer.stack].count;
        by_stack[buffer.stack].bytes += buffer.size;
    }
    std::map<std::string, CallSite> by_key;
    for (std::size_t i = 0; i < by_stack.size(); ++i) {
        if (by_stack[i].count == 0) {
            continue;
        }
        CallSite& site = by_key[i != 0 ? site_key(list.stacks[i - 1]) : std::string()];
        if (i != 0 && site.frames.empty()) {
            site.frames = texts_of(list.stacks[i - 1]);
        }
        site.count += by_stack[i].count;
        site.bytes += by_stack[i].bytes;
    }
    std::vector<CallSite> sites;
    sites.reserve(by_key.size());
    for (auto& [key, site] : by_key) {
        sites.push_back(std::move(site));
    }
    std::stable_sort(sites.begin(), sites.end(),
                     [](const CallSite& a, const CallSite& b) { return a.bytes > b.bytes; });
    return sites;
}

nlohmann::ordered_json call_sites_json(const std::vector<CallSite>& sites) {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const CallSite& site : sites) {
        list.push_back({{"count", site.count},
                        {"bytes", site.bytes},
                        {"stack", site.frames.empty() ? Json(nullptr) : Json(site.frames)}});
    }
    return list;
}

std::string dropped_sentence(const BufferList& list, const Figures& figures) {
    if (list.stacks_dropped == 0) {
        return {};
    }
    return figures.count(list.stacks_dropped) +
           (list.stacks_dropped == 1 ? " allocation" : " allocations") +
           " found no room for a call site: unknown there";
}

}  // namespace tidemark::model
