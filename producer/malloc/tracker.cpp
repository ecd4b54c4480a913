// SPDX-License-Identifier: Apache-2.0
//
// The tracker as a library: what runs when it is loaded, and the runtime that it shares with a producer library in the
// same process.
#include "producer/malloc/next.hpp"
#include "producer/runtime.hpp"
#include "producer/runtime_table.hpp"

TIDEMARK_EXPORT_RUNTIME;

namespace {

// Usually the first allocation came long before. Resolving here at the latest means: while there is one thread.
[[gnu::constructor(101)]] void loaded() noexcept {
    tidemark::tracker::resolve_next();
    tidemark::producer::start(tidemark::producer::StartMode::kConstructor);
}

}  // namespace
