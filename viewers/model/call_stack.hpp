// SPDX-License-Identifier: Apache-2.0
//
// Call sites as viewers keep them: addresses and the files that they lie in, and what those are called once somebody
// looked (viewers/symbols). A frame has one spelling, in JSON as on the screen, which can be read back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::model {

// A mapped file, as the program had it.
struct CodeModule {
    std::uint64_t begin = 0, end = 0;  // addresses
    std::uint64_t file_offset = 0;     // of begin
    std::uint64_t inode = 0;
    std::uint32_t device_major = 0, device_minor = 0;
    std::string build_id;  // bytes; empty: unknown
    std::string path;      // empty: unknown
};

inline constexpr std::uint32_t kNoModule = ~0u;

struct Caller {
    std::uint64_t address = 0;  // the one that the call returns to
    std::uint32_t module = kNoModule;
};

// What is not known is empty or 0, never guessed.
struct CallFrame {
    std::string function;  // demangled
    std::string file;
    std::uint32_t line = 0;
    std::string module;
    std::uint64_t offset = 0;  // in the module's file; without a module the address
};

struct CallStack {
    std::vector<Caller> callers;    // the innermost first
    std::vector<CallFrame> frames;  // of the same; more, where functions were inlined
    bool named = false;             // frames are as good as they get
};

// "leak_here at /src/app.c:12 (/usr/bin/app+0x1139)"; "/lib/libc.so.6+0x29d90"; "0x7f0000001234".
std::string frame_text(const CallFrame& frame);
// The reverse.
CallFrame parse_frame(std::string_view text);

// The same for stacks that a person would call the same: lines count, where they are known, not addresses.
std::string site_key(const CallStack& stack);

// The first frame that is not of an allocator or a library of the language, to name the stack by; the first one if
// all are.
const CallFrame* telling_frame(const CallStack& stack);
// "leak_here app.c:12": for a column.
std::string short_text(const CallFrame& frame);

}  // namespace tidemark::model
