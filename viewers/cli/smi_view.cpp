// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/smi_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "viewers/cli/smi_page.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

constexpr std::size_t kNarrowest = 60;
constexpr double kFull = 0.9;
constexpr double kNearlyFull = 0.7;

void draw_title(SmiPage& page) {
    std::string time = model::format_iso_time(page.snapshot.time_unix_ns).substr(0, 19);
    time[10] = ' ';
    page.frame.line(spread({{"Tidemark ", Style::kBold}, {TIDEMARK_PROJECT_VERSION, Style::kBold}},
                           {{"instance ", Style::kDim},
                            {model::printable(page.snapshot.collector.instance), Style::kPlain},
                            {"   " + time, Style::kDim}},
                           page.frame.inner_width()));
}

void draw_status(SmiPage& page) {
    page.frame.rule();
    for (const StatusLine& status :
         status_lines(page.snapshot, page.figures, page.terminal.ascii())) {
        for (const std::string& text : wrapped(status.text, page.frame.inner_width())) {
            page.frame.line({{text, status.style}});
        }
    }
    for (const std::string& note : page.figures.footnotes()) {
        page.frame.line({{note, Style::kDim}});
    }
}

}  // namespace

SmiPage::SmiPage(const model::Snapshot& what, const SmiLook& how, const Terminal& where)
    : snapshot(what),
      look(how),
      terminal(where),
      frame(std::max(how.width, kNarrowest), where.ascii()),
      figures(how.units, where.ascii()) {}

void SmiPage::add(Grid grid, std::size_t filler) {
    if (!grid.empty()) {
        frame.rule();
        grid.fill_with(filler);
        frame.lines(grid.lines(frame.inner_width(), terminal.ascii(), look.header));
    }
}

void SmiPage::note(const std::string& text) {
    for (const std::string& line : wrapped(text, frame.inner_width())) {
        frame.line({{line, Style::kDim}});
    }
}

std::string or_unknown(const std::optional<std::string>& text) {
    return text ? model::printable(*text) : kUnknown;
}

Fullness fullness(const std::optional<std::uint64_t>& used,
                  const std::optional<std::uint64_t>& capacity, std::size_t columns, bool ascii) {
    Fullness result;
    if (!used || capacity.value_or(0) == 0) {
        return result;
    }
    const double share = static_cast<double>(*used) / static_cast<double>(*capacity);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f %%", share * 100);
    result.percent = text.data();
    result.bar = bar(share, columns, ascii);
    result.style = share >= kFull         ? Style::kBad
                   : share >= kNearlyFull ? Style::kWarning
                                          : Style::kGood;
    return result;
}

std::string smi_text(const model::Snapshot& snapshot, const SmiLook& look,
                     const Terminal& terminal) {
    SmiPage page(snapshot, look, terminal);
    if (look.header) {
        draw_title(page);
    }
    draw_devices(page);
    draw_memories(page);
    draw_pools(page);
    draw_processes(page);
    draw_exited(page);
    draw_regions(page);
    draw_kernel(page);
    draw_status(page);
    return page.frame.render(terminal);
}

}  // namespace tidemark::cli
