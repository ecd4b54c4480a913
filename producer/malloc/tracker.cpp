// SPDX-License-Identifier: Apache-2.0
//
// The tracker as a library: what runs when it is loaded, and the runtime that it shares with a producer library in the
// same process.
#include "producer/malloc/next.hpp"
#include "producer/malloc/raw_fork.hpp"
#include "producer/runtime.hpp"
#include "producer/runtime_table.hpp"

TIDEMARK_EXPORT_RUNTIME;

// Where this library's code begins and ends, as the linker knows: its frames are left out of call sites.
extern "C" {
extern __attribute__((visibility("hidden"))) const char __ehdr_start;
extern __attribute__((visibility("hidden"))) const char etext;
extern __attribute__((visibility("hidden"))) const char* const tidemark_own_code[2];
constinit const char* const tidemark_own_code[2] = {&__ehdr_start, &etext};
}

namespace {

// Usually the first allocation came long before. Resolving here at the latest means: while there is one thread.
[[gnu::constructor(101)]] void loaded() noexcept {
    tidemark::tracker::resolve_next();
    tidemark::tracker::resolve_fork();
    tidemark::producer::start(tidemark::producer::StartMode::kConstructor);
}

}  // namespace
