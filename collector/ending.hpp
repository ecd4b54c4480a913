// SPDX-License-Identifier: Apache-2.0
//
// How a process ended. A collector is nobody's parent, so it must look: at the zombie, or, once its parent took the
// status, at what the kernel keeps for those who hold a pidfd (Linux 6.15 and later). Else it is unknown.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "tidemark/stats_abi.h"

namespace tidemark::collector {

struct Ending {
    std::uint32_t kind = TIDEMARK_ENDING_UNKNOWN;  // tidemark_ending
    std::int32_t code = 0;                         // exit status, or number of the signal
};

// From a wait status. Signals that a program gets for what it did itself are a crash, others a kill.
Ending ending_of_status(int wait_status) noexcept;

// Of a process that has ended, whose pidfd is still open. Any thread; never blocks.
Ending read_ending(int pidfd, pid_t pid) noexcept;

}  // namespace tidemark::collector
