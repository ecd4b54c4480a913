// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/process_rows.hpp"

#include <strings.h>

#include <algorithm>
#include <cstring>

#include "viewers/tui/process_tree.hpp"
#include "viewers/tui/row_order.hpp"

namespace tidemark::tui {
namespace {

using model::Process;

// What ended and left nothing, or went on as another program, says nothing by itself.
bool is_over(const Process& process) {
    if (!process.exited || process.ending == TIDEMARK_ENDING_EXECUTED) return process.exited;
    return std::all_of(process.usage.begin(), process.usage.end(),
                       [](const model::PoolUsage& pool) { return pool.current == 0; });
}

bool is_asked(const Process& process, const State& state) {
    return (!state.uid || process.uid == *state.uid) && (state.shows_exited || !is_over(process));
}

bool has(const std::string& text, const std::string& part) {
    return strcasestr(text.c_str(), part.c_str()) != nullptr;
}

}  // namespace

bool matches(const Process& process, const std::string& filter) {
    return filter.empty() || has(process.name.value_or(""), filter) ||
           has(process.command.value_or(""), filter) || has(process.user.value_or(""), filter) ||
           (process.pid && has(std::to_string(*process.pid), filter));
}

ProcessRows process_rows(const World& world, const State& state) {
    static const Sums kNothing;
    ProcessRows rows;
    rows.list.reserve(world.snapshot.processes.size());
    const auto& processes = world.snapshot.processes;
    for (std::size_t i = 0; i < processes.size() && i < world.sums.size(); ++i) {
        if (is_asked(processes[i], state) &&
            (state.settings.tree || matches(processes[i], state.filter))) {
            const Sums* base = &kNothing;
            if (state.mark) {
                const auto at = state.mark->sums.find(processes[i].image);
                if (at != state.mark->sums.end()) base = &at->second;
            }
            ProcessRow& row = rows.list.emplace_back();
            row.process = &processes[i];
            row.sums = &world.sums[i];
            row.base = base;
        }
    }
    if (state.settings.tree) {
        rows.list = as_tree(rows.list, world, state, rows.own);
    } else {
        sort_rows(rows.list, world, state);
    }
    return rows;
}

std::size_t row_count(const World& world, const State& state) {
    const bool is_tree = state.settings.tree;
    if (is_tree && (!state.filter.empty() || !state.collapsed.empty()))
        return process_rows(world, state).list.size();
    const auto& processes = world.snapshot.processes;
    return static_cast<std::size_t>(
        std::count_if(processes.begin(), processes.end(), [&](const Process& process) {
            return is_asked(process, state) && (is_tree || matches(process, state.filter));
        }));
}

std::size_t cursor_row(const std::vector<ProcessRow>& rows, const State& state) {
    for (std::size_t i = 0; state.selected != 0 && i < rows.size(); ++i) {
        if (rows[i].process->image == state.selected) return i;
    }
    return rows.empty() ? 0 : std::min(state.selected_row, rows.size() - 1);
}

std::size_t first_visible(std::size_t first, std::size_t cursor, std::size_t height,
                          std::size_t count) {
    if (height == 0) return 0;
    if (cursor < first) first = cursor;
    if (cursor >= first + height) first = cursor - height + 1;
    return std::min(first, count > height ? count - height : 0);
}

}  // namespace tidemark::tui
