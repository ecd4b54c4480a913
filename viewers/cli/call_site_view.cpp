// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/call_site_view.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "viewers/cli/failure.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFramesShown = 8;

std::vector<std::string> texts_of(const model::CallStack& stack) {
    std::vector<std::string> texts;
    texts.reserve(stack.frames.size());
    for (const model::CallFrame& frame : stack.frames) {
        texts.push_back(model::frame_text(frame));
    }
    return texts;
}

std::string plural(std::uint64_t count, const Figures& figures, const char* one) {
    return figures.count(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<CallSite> call_sites_of(const model::BufferList& list) {
    if (list.stacks.empty()) {
        return {};
    }
    std::vector<CallSite> by_stack(list.stacks.size() + 1);
    for (const model::Buffer& buffer : list.buffers) {
        ++by_stack[buffer.stack].count;
        by_stack[buffer.stack].bytes += buffer.size;
    }
    std::map<std::string, CallSite> by_key;
    for (std::size_t i = 0; i < by_stack.size(); ++i) {
        if (by_stack[i].count == 0) {
            continue;
        }
        CallSite& site = by_key[i != 0 ? model::site_key(list.stacks[i - 1]) : std::string()];
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

std::vector<Line> call_site_lines(const std::vector<CallSite>& sites, std::size_t top,
                                  const Figures& figures) {
    std::vector<Line> lines;
    const std::size_t shown = top == 0 ? sites.size() : std::min(top, sites.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const CallSite& site = sites[i];
        lines.push_back({{figures.bytes(site.bytes), Style::kBold},
                         {" in " + plural(site.count, figures, "buffer") +
                          (site.frames.empty() ? ", call site not recorded" : "")}});
        const std::size_t frames = std::min(site.frames.size(), kFramesShown);
        for (std::size_t k = 0; k < frames; ++k) {
            lines.push_back({{"  #" + std::to_string(k) + " ", Style::kDim},
                             {model::printable(site.frames[k])}});
        }
        if (site.frames.size() > frames) {
            lines.push_back({{"  and " + std::to_string(site.frames.size() - frames) +
                                  " more frames; --json shows all",
                              Style::kDim}});
        }
    }
    return lines;
}

Json call_sites_json(const std::vector<CallSite>& sites) {
    Json list = Json::array();
    for (const CallSite& site : sites) {
        list.push_back({{"count", site.count},
                        {"bytes", site.bytes},
                        {"stack", site.frames.empty() ? Json(nullptr) : Json(site.frames)}});
    }
    return list;
}

std::optional<symbols::Suppressions> read_suppressions(const std::optional<std::string>& path) {
    if (!path) {
        return std::nullopt;
    }
    std::string error;
    auto suppressions = symbols::Suppressions::read(*path, error);
    if (!suppressions) {
        usage_error(error + "; give a file of lines such as leak:function_name");
    }
    return suppressions;
}

std::string suppressed_sentence(const symbols::Suppressed& suppressed, const Figures& figures) {
    if (suppressed.count == 0) {
        return {};
    }
    return plural(suppressed.count, figures, "leak") + " (" + figures.bytes(suppressed.bytes) +
           ") of " + plural(suppressed.sites, figures, "call site") +
           (suppressed.count == 1 ? " is suppressed" : " are suppressed");
}

Json suppressed_json(const symbols::Suppressed& suppressed) {
    return {{"count", suppressed.count}, {"bytes", suppressed.bytes}, {"sites", suppressed.sites}};
}

std::string dropped_sentence(const model::BufferList& list, const Figures& figures) {
    if (list.stacks_dropped == 0) {
        return {};
    }
    return plural(list.stacks_dropped, figures, "allocation") +
           " found no room for a call site: unknown there";
}

}  // namespace tidemark::cli
