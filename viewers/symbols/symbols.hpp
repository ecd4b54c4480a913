// SPDX-License-Identifier: Apache-2.0
//
// Names for return addresses: function, file and line, from the files that a program had mapped, also after it ended.
// A file is asked only if it is the very one that was mapped: the same build id, or, where that is unknown, the same
// inode. Reads debug information that lies on this machine (also separate, in /usr/lib/debug), never the network.
// Not a disassembler, and no guess: what is not known stays a file and an offset, or a number.
#pragma once

#include <memory>
#include <vector>

#include "viewers/model/buffers.hpp"
#include "viewers/model/call_stack.hpp"

namespace tidemark::symbols {

// One thread. Opening a file's debug information costs milliseconds, once.
class Symbols {
public:
    // `modules` must outlive it.
    explicit Symbols(const std::vector<model::CodeModule>& modules);
    ~Symbols();
    Symbols(const Symbols&) = delete;
    Symbols& operator=(const Symbols&) = delete;

    // Fills its frames, unless they are named.
    void name(model::CallStack& stack);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Names the call sites of the buffers that are in the list now.
void name_stacks(model::BufferList& list);

}  // namespace tidemark::symbols
