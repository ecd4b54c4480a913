// SPDX-License-Identifier: Apache-2.0
//
// `tidemark top` from its first frame to its last: waits for keys, signals and time, and gives the terminal back however
// it ends.
#pragma once

#include <optional>
#include <string>

#include "viewers/tui/feed.hpp"
#include "viewers/tui/state.hpp"

namespace tidemark::tui {

struct TopOptions {
    FeedOptions feed;
    bool colour = true;
    bool ascii = false;
    bool readonly = false;
    std::uint64_t interval_ms = 1000;
    std::optional<std::uint64_t> count;  // frames; for tests and benchmarks
};

// Empty when it ended in order, else why it could not begin.
std::string run_top(const TopOptions& options);

}  // namespace tidemark::tui
