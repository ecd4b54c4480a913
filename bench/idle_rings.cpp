// SPDX-License-Identifier: Apache-2.0
//
// Not a benchmark: the processes that an idle collector watches. `bench.idle_rings N` starts N children that each make
// a ring, have one event published, and then do nothing. It writes "ready" once all are attached, and ends them at the
// end of its standard input. The environment says which collector (TIDEMARK_ENABLED=1, TIDEMARK_INSTANCE).
// `--poll N` is the rival: one process that looks at N rings every millisecond.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "tidemark/producer.h"

namespace {

[[noreturn]] void be_idle(int report) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    tidemark_allocation(0, TIDEMARK_POOL_DRAM, 1, 4096);
    const char attached = tidemark_flush(20'000) == TIDEMARK_FLUSH_PUBLISHED ? '+' : '-';
    if (write(report, &attached, 1) != 1) _exit(1);
    for (;;)
        pause();
}

// The rival: who looks at the heads of so many rings every millisecond, for ever.
[[noreturn]] void poll_rings(std::size_t rings) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    constexpr std::size_t kPage = 4096;
    std::vector<unsigned char> memory(rings * kPage);
    std::printf("ready\n");
    std::fflush(stdout);
    const timespec millisecond{0, 1'000'000};
    for (std::uint64_t news = 0;; nanosleep(&millisecond, nullptr)) {
        for (std::size_t i = 0; i < rings; ++i)
            news += __atomic_load_n(&memory[i * kPage], __ATOMIC_ACQUIRE);
        if (news != 0) std::exit(1);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int wanted = argc == 2 ? std::atoi(argv[1]) : 0;
    if (argc == 3 && std::strcmp(argv[1], "--poll") == 0 && std::atoi(argv[2]) > 0)
        poll_rings(static_cast<std::size_t>(std::atoi(argv[2])));
    int reports[2];
    if (wanted < 1 || pipe(reports) != 0) {
        std::fputs("usage: bench.idle_rings [--poll] NUMBER\n", stderr);
        return 2;
    }
    std::vector<pid_t> children;
    for (int i = 0; i < wanted; ++i) {
        const pid_t child = fork();
        if (child == 0) be_idle(reports[1]);
        if (child > 0) children.push_back(child);
    }
    close(reports[1]);
    int attached = 0;
    char report = 0;
    for (std::size_t i = 0; i < children.size() && read(reports[0], &report, 1) == 1; ++i)
        attached += report == '+';
    std::printf(attached == wanted ? "ready\n" : "only %d attached\n", attached);
    std::fflush(stdout);
    while (std::fgetc(stdin) != EOF) {
    }
    for (const pid_t child : children)
        kill(child, SIGKILL);
    for (const pid_t child : children)
        waitpid(child, nullptr, 0);
    return attached == wanted ? 0 : 1;
}
