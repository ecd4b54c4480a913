// SPDX-License-Identifier: Apache-2.0
//
// Who is at the other end of a connected socket: a process by the kernel's word, never by its number alone, and which
// of the programs that it executed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace tidemark::collector::gateway {

struct Peer {
    pid_t pid = 0;  // 0: not visible in our pid namespace
    uid_t uid = 0;
    std::uint64_t start_ticks = 0;  // 0: gone already, or not visible
    std::string name;               // the kernel's comm
    // Where the kernel laid the program out, which exec changes; 0: unknown (another user's process, and we are not
    // root). With address randomisation off, a program that executes itself may look like the one before.
    std::uint64_t program = 0;
    // Number of the process among all that this kernel ever ran (Linux 6.9 and later); 0: unknown.
    std::uint64_t serial = 0;
};

// By the credentials that the kernel kept when the socket was connected. Reads /proc/PID/stat, which doesn't wait for
// the process. A process that ended meanwhile has no start time, even if another has its number by now (Linux 6.5 and
// later; before that the new one can't be told from it).
Peer peer_of(int socket);

// A pidfd of that process, also if it ended, where the kernel gives one for a socket (Linux 6.5 and later), else by its
// number; -1 if none is to be had or the number was given to another. The caller closes it.
int open_process(const Peer& peer, int socket);

// The same process as it is now, with the program that it executes; unchanged if it is gone.
Peer looked_at_again(const Peer& peer);

}  // namespace tidemark::collector::gateway
