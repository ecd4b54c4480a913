// SPDX-License-Identifier: Apache-2.0
//
// What the open process holds: its largest and oldest buffers, its call sites.
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
constexpr std::size_t kLeastSite = 14;   // columns; shorter says nothing
constexpr std::size_t kBeforeSite = 59;  // columns of a buffer's other cells

void add(std::vector<Line>& lines, const std::vector<Line>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
}

std::vector<Line> wrapped(const std::string& text, std::size_t columns, Style style) {
    std::vector<Line> lines;
    for (const std::string& part : model::wrapped(text, columns - 2))
        lines.push_back({{" " + part, {style}}});
    return lines;
}

// What stands where there is nothing: that there is none, or that it is not known and why.
std::vector<Line> nothing(const HeldBuffers& held, const char* none, std::size_t columns) {
    return held.inexact.empty()
               ? wrapped(none, columns, Style::kDim)
               : wrapped("not known: " + held.inexact.front(), columns, Style::kWarning);
}

// Lists are never the change since a mark.
std::string as_of_now(const Frame& frame) { return frame.state.mark ? "as of now " : ""; }

// "function file:line", or a file and an offset: of what has no room the function is cut.
std::string place_text(const model::CallFrame& frame, std::size_t room, bool ascii) {
    const std::string text = model::printable(model::short_text(frame));
    const std::string function = model::printable(frame.function);
    if (function.empty() || frame.line == 0) return model::cut(text, room, ascii);
    const std::string line = text.substr(function.size());
    const std::size_t taken = model::columns_of(line);
    return model::cut(function, room > taken + 4 ? room - taken : 4, ascii) + line;
}

// All that is known of a frame where it has room.
std::string site_text(const std::string& full, std::size_t room, bool ascii) {
    const std::string text = model::printable(full);
    return model::columns_of(text) <= room ? text
                                           : place_text(model::parse_frame(full), room, ascii);
}

std::vector<Line> buffers(const Frame& frame, const std::string& title,
                          const model::BufferList& list, const HeldBuffers& held,
                          std::size_t columns) {
    const bool ascii = frame.state.ascii;
    // How many there are is told only of a list that is whole.
    const std::string caption =
        held.inexact.empty() ? " of " + model::format_count(held.count) + " " : " ";
    std::vector<Line> lines = {rule({{title, kTitle}}, caption + as_of_now(frame), columns, ascii)};
    Grid grid({{"", 10},
               {"", 10},
               {"", 19, true, 7},
               {"", 14, true},
               {"", kLeastSite, true, kLeastSite, 1}},
              ascii);
    const std::size_t site_room = std::max(columns - std::min(columns, kBeforeSite), kLeastSite);
    for (std::size_t i = 0; i < std::min(list.buffers.size(), kBuffersShown); ++i) {
        const model::Buffer& buffer = list.buffers[i];
        char id[24];
        std::snprintf(id, sizeof id, "0x%llx", static_cast<unsigned long long>(buffer.id));
        std::string site;
        if (buffer.stack != 0) {
            const model::CallFrame* told = model::telling_frame(list.stacks[buffer.stack - 1]);
            if (told != nullptr) site = " " + place_text(*told, site_room, ascii);
        }
        grid.add({{model::format_bytes(buffer.size), kBold},
                  {buffer.age_ms ? model::format_duration(*buffer.age_ms) : kUnknown},
                  {" " + pool_label(buffer.device, list.pool_name(buffer)), {Style::kAccent}},
                  {id, kDim},
                  {site}});
    }
    add(lines, grid.lines(columns));
    if (list.buffers.empty()) add(lines, nothing(held, "no live buffers", columns));
    return lines;
}

std::vector<Line> sites(const Frame& frame, const HeldBuffers& detail, std::size_t columns) {
    std::vector<Line> lines = {rule({{"call sites", kTitle}}, " by bytes held " + as_of_now(frame),
                                    columns, frame.state.ascii)};
    for (std::size_t i = 0; i < std::min(detail.sites.size(), kSitesShown); ++i) {
        const model::CallSite& site = detail.sites[i];
        lines.push_back({{right(model::format_bytes(site.bytes), 12), kBold},
                         {" in " + model::format_count(site.count) +
                          (site.count == 1 ? " buffer" : " buffers") +
                          (site.frames.empty() ? ", call site not recorded" : "")}});
        for (std::size_t k = 0; k < std::min(site.frames.size(), kFramesShown); ++k) {
            lines.push_back({{"             #" + std::to_string(k) + " ", kDim},
                             {site_text(site.frames[k], columns - 16, frame.state.ascii)}});
        }
    }
    if (detail.sites.empty()) {
        constexpr const char* kAdvice =
            "not recorded; TIDEMARK_STACKS=8 in its environment records them";
        add(lines, detail.count != 0 ? wrapped(kAdvice, columns, Style::kDim)
                                     : nothing(detail, "no live buffers", columns));
    }
    if (!detail.dropped.empty()) add(lines, wrapped(detail.dropped, columns, Style::kWarning));
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
        lines = histogram_lines(frame, *detail, half);
        lines.push_back({{std::string(" reading its buffers") + dots, {Style::kWarning}}});
        return lines;
    }
    const HeldBuffers& held = *detail->buffers;
    // Where lists are empty they say it themselves.
    for (const std::string& reason : held.inexact) {
        if (!held.largest.buffers.empty())
            add(lines, wrapped("not exact: " + reason, columns, Style::kWarning));
    }
    add_beside(lines, histogram_lines(frame, *detail, half), sites(frame, held, half), columns,
               ascii);
    add_beside(lines, buffers(frame, "largest buffers", held.largest, held, half),
               buffers(frame, "oldest buffers", held.oldest, held, half), columns, ascii);
    return lines;
}

}  // namespace tidemark::tui
