// SPDX-License-Identifier: Apache-2.0
//
// One file's symbols and debug information, through elfutils' libdw.
#pragma once

#include <elfutils/libdwfl.h>

#include <string>
#include <vector>

#include "viewers/model/call_stack.hpp"

namespace tidemark::symbols {

class SymbolFile {
public:
    // Opens the file that `module` names, if it still is that file.
    explicit SymbolFile(const model::CodeModule& module);
    ~SymbolFile();
    SymbolFile(const SymbolFile&) = delete;
    SymbolFile& operator=(const SymbolFile&) = delete;

    // The functions that the call at file offset `offset` - 1 lies in, inlined ones first; empty: not known. Their module
    // and offset are the caller's to fill in.
    std::vector<model::CallFrame> frames_at(std::uint64_t offset) const;

private:
    bool is_the_mapped_one(const model::CodeModule& module) const;
    bool address_of(std::uint64_t offset, GElf_Addr& address) const;

    Dwfl* session_ = nullptr;
    Dwfl_Module* file_ = nullptr;  // nullptr: nothing is known
};

}  // namespace tidemark::symbols
