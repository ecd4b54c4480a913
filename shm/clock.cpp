// SPDX-License-Identifier: Apache-2.0
//
// Which clock this machine's segments use.
#include "shm/clock.hpp"

#include <fcntl.h>

#include "shm/raw_file.hpp"

namespace tidemark::shm {
namespace {

constexpr char kSource[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

bool starts_with(const char* text, const char* prefix) noexcept {
    for (; *prefix != '\0'; ++text, ++prefix)
        if (*text != *prefix) return false;
    return true;
}

}  // namespace

ClockKind choose_clock() noexcept {
    char source[32];
    read_small_file(kSource, source, sizeof source);
#if defined(__x86_64__)
    // "tsc" is chosen by the kernel only while it is invariant and in step on all processors.
    return starts_with(source, "tsc\n") ? ClockKind::kTsc : ClockKind::kMonotonic;
#else
    return starts_with(source, "arch_sys_counter") ? ClockKind::kGenericCounter
                                                   : ClockKind::kMonotonic;
#endif
}

}  // namespace tidemark::shm
