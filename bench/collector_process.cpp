// SPDX-License-Identifier: Apache-2.0
#include "bench/collector_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench/processor_time.hpp"

namespace tidemark::bench {
namespace {

std::string beside_this_program(const char* name) {
    std::vector<char> path(4096);
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
    const std::string self(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    return self.substr(0, self.rfind('/') + 1) + name;
}

}  // namespace

CollectorProcess::CollectorProcess() {
    const char* instance = std::getenv("TIDEMARK_INSTANCE");
    int ready[2];
    if (instance == nullptr || pipe(ready) != 0) {
        why_ = "no instance is named, or no pipe could be made";
        return;
    }
    std::string program = beside_this_program("tidemarkd");
    std::string name = instance, number = std::to_string(ready[1]);
    char* arguments[] = {
        program.data(), const_cast<char*>("--private"),  const_cast<char*>("--instance"),
        name.data(),    const_cast<char*>("--ready-fd"), number.data(),
        nullptr};
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);  // an interrupted benchmark leaves nobody behind
        const int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(null, STDERR_FILENO);
        execv(program.c_str(), arguments);
        _exit(127);
    }
    close(ready[1]);
    char answer[5] = {};
    if (read(ready[0], answer, 5) != 5 || std::memcmp(answer, "ready", 5) != 0)
        why_ = program + " could not be started, or did not become ready";
    close(ready[0]);
}

CollectorProcess::~CollectorProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
}

double CollectorProcess::processor_seconds() const { return processor_seconds_of(pid_); }

}  // namespace tidemark::bench
