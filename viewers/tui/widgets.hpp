// SPDX-License-Identifier: Apache-2.0
//
// Bars, graphs, rules and aligned text: what the views are put together from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "viewers/tui/screen.hpp"

namespace tidemark::tui {

inline constexpr const char* kUnknown = "N/A";
inline constexpr Look kDim{Style::kDim};
inline constexpr Look kBold{Style::kPlain, true};
inline constexpr Look kTitle{Style::kAccent, true};

std::string right(const std::string& text, std::size_t width);
std::string left(const std::string& text, std::size_t width);

// `columns` wide, filled as far as `share` (0 to 1): something is never nothing, nearly full never full. An unknown share
// is an empty bar.
Line bar(const std::optional<double>& share, std::size_t columns, bool ascii);

// The style that says how full something is.
Style fullness_style(double share);

using Values = std::vector<std::optional<std::uint64_t>>;

// `values` over time, oldest first, into `columns` x `rows` characters, from `bottom` to the highest of them; each column
// shows the highest of its share of them. What is unknown stays blank, the bottom has a mark. Top row first.
std::vector<std::string> graph(const Values& values, std::size_t columns, std::size_t rows,
                               bool ascii, std::uint64_t bottom = 0);

// The lowest and the highest of what is known; nothing if nothing is.
std::optional<std::pair<std::uint64_t, std::uint64_t>> range_of(const Values& values);

// A rule across `columns` with a title at its left and, aligned to its right end, a caption.
Line rule(const Line& title, const std::string& caption, std::size_t columns, bool ascii);

// What does not fit is cut with a mark.
Line cut(Line line, std::size_t columns, bool ascii);

// A framed box in the middle of the screen, its inside cleared. Lines that are too long are cut; of too many those from
// `first` on are shown, or those around the selected one, and the frame says how many are below.
void box(Screen& screen, const std::string& title, const std::vector<Line>& lines,
         std::optional<std::size_t> selected = std::nullopt, std::size_t first = 0);

// How many lines a box shows at most.
std::size_t box_height(const Size& size);

std::string more_lines(std::size_t count);

}  // namespace tidemark::tui
