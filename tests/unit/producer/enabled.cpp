// SPDX-License-Identifier: Apache-2.0
//
// Switches tracking on in the test's own process, before the producer library's constructor reads the environment,
// for an instance that no collector serves.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

namespace {

[[gnu::constructor(101)]] void enable() {
    char instance[64];
    snprintf(instance, sizeof instance, "producer-test-%d", static_cast<int>(getpid()));
    setenv("TIDEMARK_ENABLED", "1", 1);
    setenv("TIDEMARK_INSTANCE", instance, 1);
}

}  // namespace
