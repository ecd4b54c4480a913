// SPDX-License-Identifier: Apache-2.0
//
// Kill points: named places, one before every store to shared memory, where a test can end or stop the process.
// Every such store is written as TIDEMARK_SHARED_STORE(name, statement), so that a lint can find one that is not.
// In release builds (TIDEMARK_KILL_POINTS not defined) the macro is the statement alone.
//
// A test arms a process through its environment: TIDEMARK_KILL_POINT=<name>[:<count>[:stop]] ends it with SIGKILL
// (or stops it with SIGSTOP) when the named point is reached for the count-th time (1 unless told).
#pragma once

#ifdef TIDEMARK_KILL_POINTS
namespace tidemark::shm {
inline constexpr bool kKillPointsBuilt = true;
// Any thread, also in signal handlers. Makes no system call unless the point is the armed one.
void kill_point_reached(const char* name) noexcept;
// Reads the environment again; a process does so by itself at the first point it reaches.
void kill_point_arm(const char* specification) noexcept;
}  // namespace tidemark::shm
#define TIDEMARK_KILL_POINT(name) ::tidemark::shm::kill_point_reached(name)
#else
namespace tidemark::shm {
inline constexpr bool kKillPointsBuilt = false;
}  // namespace tidemark::shm
#define TIDEMARK_KILL_POINT(name) ((void)0)
#endif

#define TIDEMARK_SHARED_STORE(name, ...) \
    do {                                 \
        TIDEMARK_KILL_POINT(name);       \
        __VA_ARGS__;                     \
    } while (0)
