// SPDX-License-Identifier: Apache-2.0
//
// Programs that a process test starts: with variables of their own, gone when the test is gone. No test waits for a
// fixed time; comes_true() waits for a condition.
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace tidemark::test {

using Variables = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

// True once the condition holds; false after a minute, which no working system needs.
template <typename Condition>
bool comes_true(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

inline std::string built(const std::string& program) {
    const char* folder = std::getenv("TIDEMARK_BIN_DIR");
    return std::string(folder != nullptr ? folder : "bin") + "/" + program;
}

// Starts a program that dies with the test; `variables` are added, an empty one is removed.
inline pid_t start(const Words& words, const Variables& variables = {}, int output = -1,
                   int input = -1) {
    std::vector<char*> arguments;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const auto& [name, value] : variables) {
        if (value.empty())
            unsetenv(name.c_str());
        else
            setenv(name.c_str(), value.c_str(), 1);
    }
    if (output >= 0) dup2(output, STDOUT_FILENO);
    if (input >= 0) dup2(input, STDIN_FILENO);
    execv(arguments[0], arguments.data());
    _exit(126);
}

inline int wait_until_ended(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

// What a program writes to its standard output; its wait status in `status`.
inline std::string output_of(const Words& words, int& status, const Variables& variables = {}) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return {};
    const pid_t pid = start(words, variables, ends[1]);
    close(ends[1]);
    std::string text;
    char bytes[65536];
    for (ssize_t size = 0; (size = read(ends[0], bytes, sizeof bytes)) > 0;)
        text.append(bytes, static_cast<std::size_t>(size));
    close(ends[0]);
    status = wait_until_ended(pid);
    return text;
}

}  // namespace tidemark::test
