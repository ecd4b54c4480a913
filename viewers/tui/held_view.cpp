// SPDX-License-Identifier: Apache-2.0
//
// What the open process holds: how large its allocations were, its largest and oldest buffers, its call sites.
#include <algorithm>
#include <cstdio>

#include "viewers/model/names.hpp"
#include "viewers/model/status_lines.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/grid.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

using model::Process;

constexpr std::size_t kTwoColumns = 120;
constexpr std::size_t kBuffersShown = 10;
constexpr std::size_t kSitesShown = 8;
constexpr std::size_t kFramesShown = 4;
constexpr std::size_t kLeastSite = 14;  // columns; shorter says nothing

void add(std::vector<Line>& lines, const std::vector<Line>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
}

// Of all its pools together, from the smallest to the largest size that occurred.
std::vector<Line> histogram(const Frame& frame, const Detail& detail, std::size_t columns) {
    std::array<std::uint64_t, TIDEMARK_HISTOGRAM_BUCKETS> counts{};
    for (const model::SizeHistogram& one : detail.histograms) {
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += one.counts[i];
    }
    std::vector<Line> lines = {
        rule({{"sizes of allocations", kTitle}}, " how many ", columns, frame.state.ascii)};
    const auto used = [](std::uint64_t count) { return count != 0; };
    const auto first = std::find_if(counts.begin(), counts.end(), used);
    const auto last = std::find_if(counts.rbegin(), counts.rend(), used).base();
    const std::uint64_t most = *std::max_element(counts.begin(), counts.end());
    for (auto at = first; at < last; ++at) {
        const auto i = static_cast<std::size_t>(at - counts.begin());
        const std::string from = model::format_bytes(i == 0 ? 0 : std::uint64_t{1} << i);
        Line line = {{right(from, 11) + (frame.state.ascii ? " .. " : " … "), kDim}};
        const std::size_t room = columns > 34 ? columns - 34 : 8;
        Line filled =
            bar(static_cast<double>(*at) / static_cast<double>(most), room, frame.state.ascii);
        filled[1].look.style = Style::kAccent;
        line.insert(line.end(), filled.begin(), filled.end());
        line.push_back({right(model::format_count(*at), 15)});
        lines.push_back(line);
    }
    if (most == 0) lines.push_back({{" nothing allocated yet", kDim}});
    return lines;
}

std::vector<Line> buffers(const Frame& frame, const std::string& title,
                          const model::BufferList& list, const HeldBuffers& held,
                          std::size_t columns) {
    const bool ascii = frame.state.ascii;
    // How many there are is told only of a list that is whole.
    const std::string caption =
        held.inexact.empty() ? " of " + model::format_count(held.count) + " " : "";
    std::vector<Line> lines = {rule({{title, kTitle}}, caption, columns, ascii)};
    Grid grid({{"", 10},
               {"", 10},
               {"", 19, true, 7},
               {"", 14, true},
               {"", kLeastSite, true, kLeastSite, 1}},
              ascii);
    for (std::size_t i = 0; i < std::min(list.buffers.size(), kBuffersShown); ++i) {
        const model::Buffer& buffer = list.buffers[i];
        char id[24];
        std::snprintf(id, sizeof id, "0x%llx", static_cast<unsigned long long>(buffer.id));
        std::string site;
        if (buffer.stack != 0) {
            const model::CallFrame* told = model::telling_frame(list.stacks[buffer.stack - 1]);
            if (told != nullptr) site = " " + model::printable(model::short_text(*told));
        }
        grid.add({{model::format_bytes(buffer.size), kBold},
                  {buffer.age_ms ? model::format_duration(*buffer.age_ms) : kUnknown},
                  {" " + pool_label(buffer.device, list.pool_name(buffer)), {Style::kAccent}},
                  {id, kDim},
                  {site}});
    }
    add(lines, grid.lines(columns));
    if (list.buffers.empty()) lines.push_back({{" no list, or no live buffers", kDim}});
    return lines;
}

std::vector<Line> sites(const Frame& frame, const HeldBuffers& detail, std::size_t columns) {
    std::vector<Line> lines = {
        rule({{"call sites", kTitle}}, " by bytes held ", columns, frame.state.ascii)};
    for (std::size_t i = 0; i < std::min(detail.sites.size(), kSitesShown); ++i) {
        const model::CallSite& site = detail.sites[i];
        lines.push_back({{right(model::format_bytes(site.bytes), 12), kBold},
                         {" in " + model::format_count(site.count) +
                          (site.count == 1 ? " buffer" : " buffers") +
                          (site.frames.empty() ? ", call site not recorded" : "")}});
        for (std::size_t k = 0; k < std::min(site.frames.size(), kFramesShown); ++k) {
            lines.push_back({{"             #" + std::to_string(k) + " ", kDim},
                             {model::printable(site.frames[k])}});
        }
    }
    if (detail.sites.empty()) {
        for (const std::string& text : model::wrapped(
                 "not recorded; TIDEMARK_STACKS=8 in its environment records them", columns - 1))
            lines.push_back({{" " + text, kDim}});
    }
    if (!detail.dropped.empty()) lines.push_back({{" " + detail.dropped, {Style::kWarning}}});
    return lines;
}

void add_beside(std::vector<Line>& lines, std::vector<Line> one, const std::vector<Line>& other,
                std::size_t columns, bool ascii) {
    if (columns < kTwoColumns) {
        add(lines, one);
        add(lines, other);
        return;
    }
    const std::size_t half = columns / 2;
    for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
        Line line = i < one.size() ? cut(one[i], half - 1, ascii) : Line{};
        const std::size_t have = columns_of(line);
        line.push_back({std::string(half > have ? half - have : 0, ' '), {}});
        if (i < other.size()) line.insert(line.end(), other[i].begin(), other[i].end());
        lines.push_back(line);
    }
}

}  // namespace

std::string pool_label(std::uint32_t device, const std::string& name) {
    return (device == TIDEMARK_DEVICE_HOST ? std::string("host") : model::device_word(device)) +
           " " + model::printable(name);
}

std::vector<Line> held_lines(const Frame& frame, const Process& process, std::size_t columns) {
    const auto& detail = frame.world.detail;
    const bool ascii = frame.state.ascii;
    const char* dots = ascii ? " ..." : " …";
    if (!detail || detail->image != process.image) {
        const std::string why =
            frame.state.paused ? " its buffers are not read while paused (u)" : "";
        return why.empty() ? std::vector<Line>{} : std::vector<Line>{{{why, {Style::kWarning}}}};
    }
    const std::size_t half = columns < kTwoColumns ? columns : columns / 2 - 2;
    std::vector<Line> lines;
    if (!detail->buffers) {
        lines = histogram(frame, *detail, half);
        lines.push_back({{std::string(" reading its buffers") + dots, {Style::kWarning}}});
        return lines;
    }
    const HeldBuffers& held = *detail->buffers;
    add_beside(lines, histogram(frame, *detail, half), sites(frame, held, half), columns, ascii);
    add_beside(lines, buffers(frame, "largest buffers", held.largest, held, half),
               buffers(frame, "oldest buffers", held.oldest, held, half), columns, ascii);
    for (const std::string& reason : held.inexact) {
        lines.push_back({{" not exact: " + reason, {Style::kWarning}}});
    }
    return lines;
}

}  // namespace tidemark::tui
