// SPDX-License-Identifier: Apache-2.0
//
// Starting a program with all of our own descriptors closed and, if it cannot be started, the reason told through a
// pipe: what a shell would answer with 126 or 127.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tidemark::cli {

struct Launched {
    pid_t pid = -1;
    int error = 0;  // errno of exec, or of fork (then pid is -1); 0: it runs
};

// Forks and executes `words` (found in PATH). `prepare` runs in the child before exec and may only do what a
// single-threaded child may. A child that failed to exec has been reaped.
Launched launch(const std::vector<std::string>& words, const std::function<void()>& prepare);

// As a shell gives it: the status, or 128 + the signal.
int shell_status(int wait_status);

}  // namespace tidemark::cli
