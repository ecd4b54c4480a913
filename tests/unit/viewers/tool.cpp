// SPDX-License-Identifier: Apache-2.0
#include "unit/viewers/tool.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tidemark::test {
namespace {

std::string program() {
    const char* folder = std::getenv("TIDEMARK_BIN_DIR");
    if (folder == nullptr) {
        throw std::runtime_error("TIDEMARK_BIN_DIR is not set: run this through ctest");
    }
    return std::string(folder) + "/tidemark";
}

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// O_CLOEXEC: only the copies stay.
void redirect(const std::string& path, int mode, int fd) {
    ::dup2(::open(path.c_str(), mode | O_CLOEXEC, 0600), fd);
}

[[noreturn]] void become(const std::string& binary, const std::vector<std::string>& arguments,
                         const std::vector<std::pair<std::string, std::string>>& environment,
                         const std::string& out, const std::string& err) {
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(err, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    for (const char* name :
         {"TIDEMARK_INSTANCE", "TIDEMARK_ENABLED", "LC_ALL", "LC_CTYPE", "COLUMNS", "NO_COLOR"}) {
        ::unsetenv(name);
    }
    ::setenv("LANG", "C.UTF-8", 1);
    for (const auto& [name, value] : environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> words = {const_cast<char*>(binary.c_str())};
    for (const std::string& argument : arguments) {
        words.push_back(const_cast<char*>(argument.c_str()));
    }
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(99);
}

struct Started {
    pid_t pid;
    std::string out, err;
};

Started start(const std::string& binary, const std::vector<std::string>& arguments,
              const std::vector<std::pair<std::string, std::string>>& environment) {
    Started started{0, scratch_path("out"), scratch_path("err")};
    started.pid = ::fork();
    if (started.pid == 0) {
        become(binary, arguments, environment, started.out, started.err);
    }
    return started;
}

Ran finish(const Started& started) {
    int status = 0;
    ::waitpid(started.pid, &status, 0);
    Ran ran{WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
            content(started.out), content(started.err)};
    ::unlink(started.out.c_str());
    ::unlink(started.err.c_str());
    return ran;
}

}  // namespace

std::string scratch_path(const std::string& name) {
    static int count = 0;
    const char* folder = std::getenv("TMPDIR");
    return std::string(folder != nullptr ? folder : "/tmp") + "/tidemark-test-" +
           std::to_string(::getpid()) + "-" + std::to_string(count++) + "-" + name;
}

Ran run_tidemark(const std::vector<std::string>& arguments,
                 const std::vector<std::pair<std::string, std::string>>& environment) {
    return finish(start(program(), arguments, environment));
}

Ran run_program(const std::string& path, const std::vector<std::string>& arguments) {
    return finish(start(path, arguments, {}));
}

Ran run_tidemark_and_signal(const std::vector<std::string>& arguments, int signal) {
    const Started started = start(program(), arguments, {});
    for (int i = 0; i < 60'000 && content(started.out).empty(); ++i)
        ::usleep(1000);
    ::kill(started.pid, signal);
    return finish(started);
}

}  // namespace tidemark::test
