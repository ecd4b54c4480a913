// SPDX-License-Identifier: Apache-2.0
//
// What tt-metal's own shared regions say of chips and of programs that tell nothing themselves; apart from all sums.
#include <algorithm>

#include "viewers/cli/smi_page.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

std::string who(const model::Region& region) {
    if (region.pid) return model::printable(region.name);
    return region.is_remote ? "whole chip, remote" : "whole chip";
}

}  // namespace

void draw_regions(SmiPage& page) {
    Grid grid({{"Dev"},
               {"PID", Align::kRight},
               {"Told by tt-metal", Align::kLeft, 10},
               {"DRAM", Align::kRight},
               {"TRACE", Align::kRight, 0, 1},
               {"L1", Align::kRight},
               {"L1_SMALL", Align::kRight, 0, 2},
               {"CB", Align::kRight}});
    bool any_told_twice = false;
    for (const model::Region& region : page.snapshot.regions) {
        any_told_twice |= region.instrumented;
        if (region.instrumented) continue;
        grid.row({{model::device_word(region.device), Style::kAccent},
                  {region.pid ? std::to_string(*region.pid) : ""},
                  {who(region)},
                  {page.figures.bytes(region.dram)},
                  {page.figures.bytes(region.trace)},
                  {page.figures.bytes(region.l1)},
                  {page.figures.bytes(region.l1_small)},
                  {page.figures.bytes(region.cb)}});
    }
    page.add(std::move(grid), 2);
    if (!page.snapshot.regions.empty())
        page.note(std::string("from tt-metal's shared regions, in no sum above") +
                  (any_told_twice ? "; programs that are tracked are left out" : ""));
}

}  // namespace tidemark::cli
