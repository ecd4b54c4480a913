// SPDX-License-Identifier: Apache-2.0
//
// Which processes the table shows, in which order, and, as a tree, below whom.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "viewers/tui/state.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::tui {

struct ProcessRow {
    const model::Process* process = nullptr;
    const Sums* sums = nullptr;  // with those of the living below it if `is_sum`
    const Sums* base = nullptr;  // the same at the mark; 0 without one
    std::size_t depth = 0;
    bool has_children = false;  // in the tree
    bool is_sum = false;        // what ended is in no sum, and keeps what it left
    bool is_collapsed = false;
};

// Some sums are the world's or the mark's, which must outlive it; others its own.
struct ProcessRows {
    std::vector<ProcessRow> list;
    std::deque<Sums> own;

    ProcessRows() = default;
    ProcessRows(ProcessRows&&) = default;
    ProcessRows& operator=(ProcessRows&&) = delete;
};

// Filtered, sorted, as a tree if that is on. In a tree whoever has a wanted descendant is shown too.
ProcessRows process_rows(const World& world, const State& state);

// How many those are.
std::size_t row_count(const World& world, const State& state);

// The row of the cursor: the selected image, or, if it is gone, where it was seen last.
std::size_t cursor_row(const std::vector<ProcessRow>& rows, const State& state);

// The first row to show so that the cursor is in sight.
std::size_t first_visible(std::size_t first, std::size_t cursor, std::size_t height,
                          std::size_t count);

// Whether the words that were typed occur in its name, command, user or pid; any case.
bool matches(const model::Process& process, const std::string& filter);

}  // namespace tidemark::tui
