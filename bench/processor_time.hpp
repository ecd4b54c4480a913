// SPDX-License-Identifier: Apache-2.0
//
// How much processor time a process has had.
#pragma once

#include <sys/types.h>
#include <time.h>

namespace tidemark::bench {

// Of all its threads so far, in seconds; 0 if there is no such process.
inline double processor_seconds_of(pid_t process) {
    clockid_t clock;
    timespec spent{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &spent) != 0) return 0;
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace tidemark::bench
