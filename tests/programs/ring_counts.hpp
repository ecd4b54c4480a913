// SPDX-License-Identifier: Apache-2.0
//
// Counts what ring segments hold, straight from the layout: an account of a program that no collector had a part in.
// Written apart from the lane reader on purpose, so that the two check each other. Only for rings that nobody drains:
// a drained one is told, and counted no further.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tidemark/words.h"

namespace ring_counts {

struct Loss {
    std::uint64_t allocations, frees, bytes;
};

// One image, all devices and pools together. Bytes are what was asked for.
struct Image {
    std::string path;
    std::uint64_t image = 0, parent_image = 0;
    std::int32_t pid = 0, parent_pid = 0;
    std::string name, command;
    std::uint64_t allocations = 0, frees = 0, late_frees = 0, bytes = 0;
    // In stamp order: what was live at the end and at most, and frees and allocations that don't fit.
    std::uint64_t live = 0, live_bytes = 0, peak_bytes = 0;
    std::uint64_t unknown_frees = 0, duplicates = 0;
    std::uint64_t gaps = 0, lanes = 0, handler_events = 0;
    Loss lost[TIDEMARK_LOSS_CAUSE_COUNT] = {};
    std::string problem;  // empty: everything is as a producer writes it

    std::uint64_t lost_events() const;
};

// Reads one ring segment.
Image read(const std::string& path);
// Every ring that wants this instance, oldest first.
std::vector<Image> read_instance(const std::string& instance);
// Unlinks them, also temporary ones of processes that died while making one.
void remove_instance(const std::string& instance);

std::string to_json(const std::vector<Image>& images);

}  // namespace ring_counts
