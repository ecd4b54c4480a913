// SPDX-License-Identifier: Apache-2.0
//
// How large the allocations of the open process were.
#include <algorithm>

#include "viewers/model/units.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

// As the mark, if there is one, left it to be counted from; whether it did.
SizeCounts counts_of(const Detail& detail, const std::optional<Mark>& mark, bool& is_change) {
    SizeCounts counts = sizes_of(detail);
    is_change = mark && mark->opened == detail.image;
    for (std::size_t i = 0; is_change && i < counts.size(); ++i)
        counts[i] -= std::min(counts[i], mark->sizes[i]);
    return counts;
}

Line bucket(std::size_t i, std::uint64_t count, std::uint64_t most, std::size_t columns,
            bool ascii) {
    const std::string from = model::format_bytes(i == 0 ? 0 : std::uint64_t{1} << i);
    Line line = {{right(from, 11) + (ascii ? " .. " : " … "), kDim}};
    const std::size_t room = columns > 34 ? columns - 34 : 8;
    Line filled = bar(static_cast<double>(count) / static_cast<double>(most), room, ascii);
    filled[1].look.style = Style::kAccent;
    line.insert(line.end(), filled.begin(), filled.end());
    line.push_back({right(model::format_count(count), 15)});
    return line;
}

}  // namespace

std::vector<Line> histogram_lines(const Frame& frame, const Detail& detail, std::size_t columns) {
    const auto& mark = frame.state.mark;
    bool is_change = false;
    const SizeCounts counts = counts_of(detail, mark, is_change);
    const char* caption = !mark       ? " how many "
                          : is_change ? " how many since the mark "
                                      : " since it began, not the mark ";
    std::vector<Line> lines = {
        rule({{"sizes of allocations", kTitle}}, caption, columns, frame.state.ascii)};
    const auto used = [](std::uint64_t count) { return count != 0; };
    const auto first = std::find_if(counts.begin(), counts.end(), used);
    const auto last = std::find_if(counts.rbegin(), counts.rend(), used).base();
    const std::uint64_t most = *std::max_element(counts.begin(), counts.end());
    for (auto at = first; at < last; ++at) {
        lines.push_back(bucket(static_cast<std::size_t>(at - counts.begin()), *at, most, columns,
                               frame.state.ascii));
    }
    if (most == 0) {
        lines.push_back(
            {{is_change ? " nothing allocated since" : " nothing allocated yet", kDim}});
    }
    return lines;
}

}  // namespace tidemark::tui
