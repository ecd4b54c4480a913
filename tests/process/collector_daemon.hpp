// SPDX-License-Identifier: Apache-2.0
//
// Running tidemarkd from a test: a command with its output, a daemon that is gone when the test is.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tidemark::test {

inline std::string tidemarkd() {
    return std::string(std::getenv("TIDEMARK_BIN_DIR")) + "/tidemarkd";
}

struct Outcome {
    int status = -1;  // as a shell gives it
    std::string out;
    std::string err;
};

struct Child {
    pid_t pid = -1;
    int out = -1;
    int err = -1;
};

// Starts a program with both outputs in pipes. `prepare` runs in the child before exec.
inline Child start(const std::vector<std::string>& command,
                   const std::function<void()>& prepare = {}) {
    int out[2];
    int err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) std::abort();
    std::vector<char*> arguments;
    for (const std::string& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        if (prepare) prepare();
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    return {pid, out[0], err[0]};
}

inline int status_of(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads both outputs to their ends: a daemon that kept one of them would never let this return.
inline Outcome finish(const Child& child) {
    Outcome outcome;
    pollfd ends[2] = {{child.out, POLLIN, 0}, {child.err, POLLIN, 0}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        poll(ends, 2, -1);
        for (int i = 0; i < 2; ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0) continue;
            char bytes[4096];
            const ssize_t size = read(ends[i].fd, bytes, sizeof(bytes));
            if (size > 0) {
                (i == 0 ? outcome.out : outcome.err).append(bytes, static_cast<std::size_t>(size));
                continue;
            }
            close(ends[i].fd);
            ends[i].fd = -1;
        }
    }
    outcome.status = status_of(child.pid);
    return outcome;
}

inline Outcome run(const std::vector<std::string>& command,
                   const std::function<void()>& prepare = {}) {
    return finish(start(command, prepare));
}

template <typename Condition>
bool until(Condition condition, int milliseconds = 60'000) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

inline std::vector<std::string> objects_with(const std::string& part) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        const std::string name = entry.path().filename();
        if (name.find(part) != std::string::npos) found.push_back(name);
    }
    return found;
}

// A name that no other test has; whatever collector has it is ended, and its objects removed, with the test.
struct Instance {
    std::string name;
    explicit Instance(const std::string& word)
        : name("test-" + word + "-" + std::to_string(getpid())) {
        unsetenv("TIDEMARK_INSTANCE");
    }
    ~Instance() {
        command({"--stop"});
        for (const std::string& object : objects_with("tidemark." + name + "."))
            unlink(("/dev/shm/" + object).c_str());
    }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    std::vector<std::string> words(std::vector<std::string> flags) const {
        flags.insert(flags.begin(), {tidemarkd(), "--instance", name});
        return flags;
    }
    Outcome command(const std::vector<std::string>& flags) const { return run(words(flags)); }
    // Ready, not just starting.
    bool runs() const {
        const Outcome outcome = command({"--status"});
        return outcome.status == 0 && outcome.out.find("is running") != std::string::npos;
    }
    // From --status; 0 if there is none.
    pid_t pid() const { return static_cast<pid_t>(std::atol(field("pid").c_str())); }
    // A machine that is very busy may not answer at once.
    std::string socket() const {
        std::string path;
        until([&] { return (path = field("socket")).rfind('/', 0) == 0; });
        return path;
    }
    std::string field(const std::string& key) const {
        const std::string text = command({"--status"}).out;
        const std::size_t at = text.find("  " + key + " ");
        if (at == std::string::npos) return {};
        const std::size_t from = text.find_first_not_of(' ', at + 2 + key.size());
        return text.substr(from, text.find('\n', from) - from);
    }
};

}  // namespace tidemark::test
