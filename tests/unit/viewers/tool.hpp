// SPDX-License-Identifier: Apache-2.0
//
// Runs the built `tidemark` as a person's shell would, and says what it printed and how it ended.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tidemark::test {

struct Ran {
    int status = -1;  // as a shell gives it
    std::string out;
    std::string err;
};

// `arguments` without the program's name; `environment` is added to a small fixed one (PATH, LANG), a null value
// takes a variable away. No standard input.
Ran run_tidemark(const std::vector<std::string>& arguments,
                 const std::vector<std::pair<std::string, std::string>>& environment = {});

// Another program, with the same descriptors and environment.
Ran run_program(const std::string& path, const std::vector<std::string>& arguments);

// As run_tidemark; `signal` is sent once something stands in its output.
Ran run_tidemark_and_signal(const std::vector<std::string>& arguments, int signal);

// A file name below the build's temporary folder that nobody else uses; nothing is there.
std::string scratch_path(const std::string& name);

}  // namespace tidemark::test
