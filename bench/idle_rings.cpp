// SPDX-License-Identifier: Apache-2.0
//
// Not a benchmark: the processes that an idle collector watches. `bench.idle_rings N` starts N children that each make
// a ring, have one event published, and then do nothing. It writes "ready" once all are attached, and ends them at the
// end of its standard input. The environment says which collector (TIDEMARK_ENABLED=1, TIDEMARK_INSTANCE).
// `--changing K N`: K of them go on, each with ten allocations and ten frees a second, on sixteen devices in turn.
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

constexpr std::uint32_t kDevices = 16;

[[noreturn]] void be_idle(int report, std::uint32_t number, bool changes) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::uint32_t device = number % kDevices;
    tidemark_allocation(device, TIDEMARK_POOL_DRAM, 1, 4096);
    const char attached = tidemark_flush(20'000) == TIDEMARK_FLUSH_PUBLISHED ? '+' : '-';
    if (write(report, &attached, 1) != 1) _exit(1);
    while (!changes)
        pause();
    const timespec tenth{0, 100'000'000};
    for (;; nanosleep(&tenth, nullptr)) {
        tidemark_free(device, TIDEMARK_POOL_DRAM, 1);
        tidemark_allocation(device, TIDEMARK_POOL_DRAM, 1, 4096);
    }
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
    const bool changing = argc == 4 && std::strcmp(argv[1], "--changing") == 0;
    const int changed = changing ? std::atoi(argv[2]) : 0;
    const int wanted = argc == 2 || changing ? std::atoi(argv[argc - 1]) : 0;
    if (argc == 3 && std::strcmp(argv[1], "--poll") == 0 && std::atoi(argv[2]) > 0)
        poll_rings(static_cast<std::size_t>(std::atoi(argv[2])));
    int reports[2];
    if (wanted < 1 || pipe(reports) != 0) {
        std::fputs("usage: bench.idle_rings [--poll | --changing K] NUMBER\n", stderr);
        return 2;
    }
    // A few at a time: a thousand that all want a processor at once would keep the collector from one for seconds.
    constexpr int kAtOnce = 32;
    std::vector<pid_t> children;
    int attached = 0, reported = 0;
    const auto take_report = [&] {
        char report = 0;
        ++reported;
        if (read(reports[0], &report, 1) == 1) attached += report == '+';
    };
    for (int i = 0; i < wanted; ++i) {
        const pid_t child = fork();
        if (child == 0) be_idle(reports[1], static_cast<std::uint32_t>(i), i < changed);
        if (child > 0) children.push_back(child);
        if (static_cast<int>(children.size()) - reported >= kAtOnce) take_report();
    }
    close(reports[1]);
    while (reported < static_cast<int>(children.size()))
        take_report();
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
