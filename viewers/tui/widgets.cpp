// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/widgets.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "viewers/model/text.hpp"

namespace tidemark::tui {
namespace {

constexpr std::array<const char*, 9> kEighthsAcross = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<const char*, 9> kEighthsUp = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> kAsciiUp = {" ", "_", ".", ":", "-", "=", "+", "*", "#"};

constexpr double kWarningShare = 0.75;
constexpr double kBadShare = 0.90;

// The highest known value among those that column `i` of `columns` stands for.
std::optional<std::uint64_t> highest_of(const Values& values, std::size_t i, std::size_t columns) {
    const std::size_t begin = values.size() * i / columns;
    const std::size_t end = std::max(begin + 1, values.size() * (i + 1) / columns);
    std::optional<std::uint64_t> highest;
    for (std::size_t k = begin; k < std::min(end, values.size()); ++k) {
        if (values[k]) highest = std::max(highest.value_or(0), *values[k]);
    }
    return highest;
}

}  // namespace

std::string right(const std::string& text, std::size_t width) {
    const std::size_t have = model::columns_of(text);
    return std::string(width > have ? width - have : 0, ' ') + text;
}

std::string left(const std::string& text, std::size_t width) {
    const std::size_t have = model::columns_of(text);
    return text + std::string(width > have ? width - have : 0, ' ');
}

Style fullness_style(double share) {
    return share >= kBadShare       ? Style::kBad
           : share >= kWarningShare ? Style::kWarning
                                    : Style::kGood;
}

Line bar(const std::optional<double>& share, std::size_t columns, bool ascii) {
    if (columns < 3) return {};
    const std::size_t inner = columns - 2;
    const double clamped = std::clamp(share.value_or(0), 0.0, 1.0);
    auto eighths = static_cast<std::size_t>(std::lround(clamped * static_cast<double>(inner) * 8));
    if (ascii) eighths = eighths / 8 * 8;
    if (clamped > 0) eighths = std::max<std::size_t>(eighths, ascii ? 8 : 1);
    if (clamped < 1) eighths = std::min(eighths, inner * 8 - (ascii ? 8 : 1));
    std::string filled;
    for (std::size_t i = 0; i < eighths / 8; ++i)
        filled += ascii ? "#" : "█";
    if (eighths % 8 != 0) filled += kEighthsAcross[eighths % 8];
    return {{ascii ? "[" : "▕", kDim},
            {left(filled, inner), Look{fullness_style(clamped)}},
            {ascii ? "]" : "▏", kDim}};
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> range_of(const Values& values) {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> range;
    for (const auto& value : values) {
        if (!value) continue;
        if (!range) range = {*value, *value};
        range = {std::min(range->first, *value), std::max(range->second, *value)};
    }
    return range;
}

std::vector<std::string> graph(const Values& values, std::size_t columns, std::size_t rows,
                               bool ascii, std::uint64_t bottom) {
    std::vector<std::string> lines(rows);
    const auto range = range_of(values);
    const std::uint64_t highest = range ? range->second : 0;
    const double span = static_cast<double>(highest > bottom ? highest - bottom : 1);
    for (std::size_t i = 0; i < columns; ++i) {
        const auto value = range ? highest_of(values, i, columns) : std::nullopt;
        const double above = value && *value > bottom ? static_cast<double>(*value - bottom) : 0.0;
        auto eighths =
            static_cast<std::size_t>(std::lround(above / span * static_cast<double>(rows) * 8));
        if (value) eighths = std::max<std::size_t>(eighths, 1);
        for (std::size_t row = 0; row < rows; ++row) {
            const std::size_t below = (rows - 1 - row) * 8;
            const std::size_t here =
                std::min<std::size_t>(eighths > below ? eighths - below : 0, 8);
            lines[row] += ascii ? kAsciiUp[here] : kEighthsUp[here];
        }
    }
    return lines;
}

Line rule(const Line& title, const std::string& caption, std::size_t columns, bool ascii) {
    const std::string stroke = ascii ? "-" : "─";
    Line line = {{stroke + " ", kDim}};
    line.insert(line.end(), title.begin(), title.end());
    line.push_back({" ", {}});
    const std::size_t used = columns_of(line) + model::columns_of(caption);
    std::string strokes;
    for (std::size_t i = used; i < columns; ++i)
        strokes += stroke;
    line.push_back({strokes, kDim});
    line.push_back({caption, kDim});
    return line;
}

Line cut(Line line, std::size_t columns, bool ascii) {
    if (columns_of(line) <= columns) return line;
    const std::size_t mark = ascii ? 3 : 1;
    std::size_t used = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const std::size_t wide = model::columns_of(line[i].text);
        if (used + wide + mark <= columns) {
            used += wide;
            continue;
        }
        // What follows is cut as well, so the mark stands also behind a span that just fits.
        line[i].text = model::cut(line[i].text + std::string(columns, ' '), columns - used, ascii);
        line.resize(i + 1);
    }
    return line;
}

}  // namespace tidemark::tui
