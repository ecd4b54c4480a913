// SPDX-License-Identifier: Apache-2.0
//
// The process table: its heading, which names the column that sorts, and a line a process; its cells: row_cells.cpp.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

// The rows that are in sight, as cells: widths follow what stands in them, so that no figure is ever cut.
class Sheet {
public:
    Sheet(const State& state, std::size_t columns)
        : state_(state),
          columns_(columns),
          wanted_(state.settings.columns),
          order_(order_of(state.settings)) {
        for (const Column column : wanted_)
            widths_.push_back(info(column).width);
    }

    void add(Frame& frame, const ProcessRow& row) {
        Line& line = rows_.emplace_back();
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            line.push_back(row_cell(frame, row, wanted_[i]));
            if (wanted_[i] == Column::kCommand || wanted_[i] == Column::kUser) continue;
            widths_[i] = std::max(widths_[i], model::columns_of(line.back().text));
        }
    }

    std::vector<Column> shown_columns() const {
        std::vector<Column> shown;
        for (const std::size_t i : fitting(wanted_, widths_, columns_, order_.column))
            shown.push_back(wanted_[i]);
        return shown;
    }

    std::vector<Line> lines() {
        const std::vector<std::size_t> shown = fitting(wanted_, widths_, columns_, order_.column);
        give_rest(shown);
        std::vector<Line> lines = {heading(shown)};
        for (const Line& row : rows_) {
            Line& line = lines.emplace_back();
            for (const std::size_t i : shown) {
                const std::string text = model::cut(row[i].text, widths_[i], state_.ascii);
                line.push_back({aligned(i, text), row[i].look});
                line.push_back({" ", {}});
            }
        }
        return lines;
    }

private:
    // The command takes what is left of the width.
    void give_rest(const std::vector<std::size_t>& shown) {
        std::size_t used = 0;
        for (const std::size_t i : shown)
            used += widths_[i] + 1;
        for (const std::size_t i : shown) {
            if (wanted_[i] == Column::kCommand && used <= columns_)
                widths_[i] += columns_ - used + 1;
        }
    }

    std::string aligned(std::size_t i, const std::string& text) const {
        return info(wanted_[i]).is_text ? left(text, widths_[i]) : right(text, widths_[i]);
    }

    Line heading(const std::vector<std::size_t>& shown) const {
        Line line;
        for (const std::size_t i : shown) {
            const bool sorts = wanted_[i] == order_.column;
            const char* arrow =
                order_.descending ? (state_.ascii ? "v" : "▼") : (state_.ascii ? "^" : "▲");
            const std::string title = info(wanted_[i]).title + std::string(sorts ? arrow : "");
            line.push_back(
                {aligned(i, title), {sorts ? Style::kAccent : Style::kPlain, true, true}});
            line.push_back({" ", {Style::kPlain, true, true}});
        }
        const std::size_t used = tui::columns_of(line);
        line.push_back(
            {std::string(columns_ > used ? columns_ - used : 0, ' '), {Style::kPlain, true, true}});
        return line;
    }

    const State& state_;
    std::size_t columns_;
    std::vector<Column> wanted_;
    Order order_;
    std::vector<std::size_t> widths_;
    std::vector<Line> rows_;
};

// Why there is nothing to show.
std::string emptiness(const Frame& frame) {
    if (!frame.state.filter.empty() || frame.state.uid) {
        return "no process matches; / and o choose others, Esc shows all";
    }
    if (frame.world.snapshot.collector.state == model::CollectorState::kNone) {
        return "no collector, so no processes are known";
    }
    return "no tracked process; `tidemark run -- COMMAND` tracks one";
}

}  // namespace

Table process_lines(Frame& frame, std::size_t columns, std::size_t rows) {
    const ProcessRows found = process_rows(frame.world, frame.state);
    const std::vector<ProcessRow>& all = found.list;
    Table table;
    if (rows == 0) return table;
    Sheet sheet(frame.state, columns);
    const std::size_t cursor = cursor_row(all, frame.state);
    const std::size_t first = first_visible(frame.state.first_row, cursor, rows - 1, all.size());
    for (std::size_t i = first; i < all.size() && i < first + rows - 1; ++i) {
        sheet.add(frame, all[i]);
    }
    table.columns = sheet.shown_columns();
    table.lines = sheet.lines();
    if (all.empty()) {
        table.lines.push_back({{" " + emptiness(frame), kDim}});
    } else {
        table.cursor = cursor - first + 1;
    }
    return table;
}

}  // namespace tidemark::tui
