// SPDX-License-Identifier: Apache-2.0
//
// What every benchmark program shares: its command line, where its threads run, and how it says that it could not
// measure. What is measured, and against whom, stands in the programs.
#pragma once

#include <benchmark/benchmark.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tidemark::bench {

struct Options {
    bool smoke = false;    // run for an instant, with small data: does it work, not how fast
    bool threads = false;  // --threads: with a second thread in the process, see append.cpp
    bool drain = false;    // --drain: somebody empties what is filled, see event.cpp
};

// main() of a program: takes its own flags off the command line, registers, runs. 1 if anything could not be measured.
int run(int argc, char** argv, void (*register_all)(const Options&));

// The benchmark ends without a figure, and the program with status 1.
void refuse(benchmark::State& state, const std::string& why);

// Runs the program again with tracking switched on or off, unless it is so already: that is decided once, when a
// process starts. The ring names an instance that nobody serves. First thing in main().
void require_tracking(bool enabled, char** argv);

// Processors that this process may use, in ascending order.
std::vector<int> allowed_processors();
// The calling thread stays on the `which`-th of them (modulo their number).
void pin_to(unsigned which);
// All threads of another process stay off the first of them, if there is a second: so that who is measured on the first
// is not made to share it by where the scheduler happens to wake the other.
void keep_off_first(pid_t process);

}  // namespace tidemark::bench
