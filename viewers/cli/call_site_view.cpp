// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/call_site_view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "viewers/cli/failure.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFramesShown = 8;

std::string plural(std::uint64_t count, const Figures& figures, const char* one) {
    return figures.count(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace

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

}  // namespace tidemark::cli
