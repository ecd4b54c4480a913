// SPDX-License-Identifier: Apache-2.0
//
// Showing something again and again: in place on a terminal, one after another elsewhere, until the count is reached or
// somebody interrupts.
#pragma once

#include <functional>
#include <string>

#include "viewers/cli/options.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/terminal.hpp"

namespace tidemark::cli {

// What to show now, each line ended, for a terminal of that size.
using Render = std::function<std::string(Size)>;

// Tables are redrawn in place on a terminal; what scripts read is always appended.
enum class Redraw { kInPlace, kAppend };

struct Repetition {
    Redraw redraw = Redraw::kAppend;
    std::string separator;  // between two results that are appended
};

// Shows `render` once, or as `options` ask when they ask for watching. SIGINT and SIGTERM end it in order:
// then, true.
bool show(const Options& options, Output& output, const Terminal& terminal,
          const Repetition& repetition, const Render& render);

// Blocks SIGINT and SIGTERM while it lives and takes them one by one, so that a loop can end in order.
class Interrupts {
public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    // Readable when one has come; for poll().
    int fd() const { return fd_; }
    // Waits up to `milliseconds`; true if one came.
    bool wait(std::uint64_t milliseconds);

private:
    int fd_ = -1;
};

}  // namespace tidemark::cli
