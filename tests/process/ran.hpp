// SPDX-License-Identifier: Apache-2.0
//
// A program run to its end: its status as a shell gives it, and what it wrote to standard output.
#pragma once

#include <string>

#include "tests/process/child_process.hpp"

namespace tidemark::test {

struct Ran {
    int status = -1;
    std::string out;
};

inline Ran run(const Words& words, const Variables& variables = {}) {
    Ran ran;
    int status = 0;
    ran.out = output_of(words, status, variables);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

}  // namespace tidemark::test
