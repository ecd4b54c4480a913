// SPDX-License-Identifier: Apache-2.0
//
// Who a process is: never a bare pid. What the producer writes about itself into its segment, and the same helpers
// for a collector that looks at another process. Freestanding: raw system calls, no allocation, errno untouched.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark::shm {

struct Identity {
    std::int32_t pid;
    std::int32_t parent_pid;
    std::uint32_t uid;            // effective
    std::uint64_t start_ticks;    // field 22 of /proc/PID/stat, clock ticks since boot; 0: unknown
    std::uint64_t pid_namespace;  // inode; 0: unknown
    char name[16];                // comm of the main thread, NUL-ended
    char command[256];            // command line, spaces between the arguments, cut, NUL-ended
};

// Of the calling process. What can't be read (no /proc) is 0 or empty. Any thread.
void read_own_identity(Identity& identity) noexcept;

// Field 22 of a /proc/PID/stat text. The name in field 2 may hold spaces and parentheses; 0 if there is no such field.
std::uint64_t parse_start_ticks(const char* stat, std::size_t size) noexcept;

// Start time of any process that /proc shows; 0 if there is none.
std::uint64_t read_start_ticks(std::int32_t pid) noexcept;

// A random number that is not 0: the image id. Falls back on clock, pid and address layout where the kernel gives none.
std::uint64_t random_image_id() noexcept;

std::int32_t
own_pid() noexcept;  // asks the kernel each time: right after fork, vfork and raw clone
std::int32_t own_tid() noexcept;

}  // namespace tidemark::shm
