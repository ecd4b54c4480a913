// SPDX-License-Identifier: Apache-2.0
//
// The table of `tidemark smi` while it is drawn, and its sections, each in a file of its own. Sections that have
// nothing to show draw nothing.
#pragma once

#include <string>

#include "viewers/cli/figures.hpp"
#include "viewers/cli/frame.hpp"
#include "viewers/cli/smi_view.hpp"

namespace tidemark::cli {

struct SmiPage {
    SmiPage(const model::Snapshot& snapshot, const SmiLook& look, const Terminal& terminal);

    // A section of its own; `filler` is the column that takes what is left of the width.
    void add(Grid grid, std::size_t filler);
    void note(const std::string& text);

    const model::Snapshot& snapshot;
    const SmiLook& look;
    const Terminal& terminal;
    Frame frame;
    Figures figures;
};

void draw_devices(SmiPage& page);    // smi_devices.cpp: sensors and the main memory
void draw_memories(SmiPage& page);   // smi_memories.cpp: what lies in each memory
void draw_pools(SmiPage& page);      // smi_memories.cpp: each pool with its peak and counts
void draw_processes(SmiPage& page);  // smi_processes.cpp: who uses the devices now
void draw_exited(SmiPage& page);     // smi_processes.cpp
void draw_regions(SmiPage& page);    // smi_regions.cpp
void draw_kernel(SmiPage& page);     // smi_kernel.cpp: --compare-kernel

inline constexpr const char* kUnknown = "N/A";

std::string or_unknown(const std::optional<std::string>& text);

// How much of a capacity is used, as text, bar and style; unknown and no bar unless both are known.
struct Fullness {
    std::string percent = kUnknown;
    std::string bar;
    Style style = Style::kPlain;
};
Fullness fullness(const std::optional<std::uint64_t>& used,
                  const std::optional<std::uint64_t>& capacity, std::size_t columns, bool ascii);

}  // namespace tidemark::cli
