// SPDX-License-Identifier: Apache-2.0
//
// How much processor time a process has had, and how often it went to sleep.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace tidemark::bench {

// Of all its threads so far, in seconds; 0 if there is no such process.
inline double processor_seconds_of(pid_t process) {
    clockid_t clock;
    timespec spent{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &spent) != 0) return 0;
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

// How often its threads have waited, and so been woken, so far: voluntary context switches.
inline std::uint64_t wakes_of(pid_t process) {
    std::uint64_t sum = 0;
    std::error_code none;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    const std::string wanted = "voluntary_ctxt_switches:";
    for (const auto& task : std::filesystem::directory_iterator(tasks, none)) {
        std::ifstream status(task.path() / "status");
        for (std::string word; status >> word;)
            if (std::uint64_t count = 0; word == wanted && status >> count) sum += count;
    }
    return sum;
}

}  // namespace tidemark::bench
