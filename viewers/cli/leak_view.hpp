// SPDX-License-Identifier: Apache-2.0
//
// What `tidemark leaks` found, and how it is told.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "viewers/cli/call_site_view.hpp"
#include "viewers/cli/figures.hpp"
#include "viewers/cli/grid.hpp"
#include "viewers/model/buffers.hpp"
#include "viewers/model/growth.hpp"
#include "viewers/model/holdings.hpp"

namespace tidemark::cli {

using model::Holding;

struct LeakFindings {
    std::vector<Holding> left;     // by programs that ended
    model::BufferList leaks;       // the same, one by one, the largest first
    std::vector<Holding> running;  // what programs hold now, the largest first
    std::vector<model::Growth> growing;
    symbols::Suppressed suppressed;
    bool by_site = false;  // call sites instead of single leaks
};

// `top`: at most so many rows of each kind; 0: all.
std::vector<Line> leak_lines(const LeakFindings& findings, const Figures& figures, std::size_t top,
                             std::size_t width, bool ascii);

void write_leak_json(const LeakFindings& findings,
                     const std::function<void(const std::string&)>& write);

}  // namespace tidemark::cli
