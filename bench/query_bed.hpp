// SPDX-License-Identifier: Apache-2.0
//
// What query.cpp asks about: a collector and eight programs that report, one of which makes a hundred events every few
// dozen microseconds.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "bench/collector_process.hpp"
#include "tidemark/producer.h"
#include "tidemark/stats_reader.hpp"

namespace tidemark::bench {

inline constexpr std::uint32_t kPrograms = 8;

class QueryBed {
public:
    QueryBed() {
        if (!collector_.is_ready()) throw std::runtime_error(collector_.why());
        int ready[2];
        if (pipe(ready) != 0) throw std::runtime_error("no pipe could be made");
        for (std::uint32_t device = 0; device < kPrograms; ++device) {
            children_[device] = fork();
            if (children_[device] == 0) report(device, ready[1]);
        }
        close(ready[1]);
        char answer = 0;
        for (std::uint32_t i = 0; i < kPrograms; ++i)
            if (read(ready[0], &answer, 1) != 1 || answer != '+')
                throw std::runtime_error("a program could not report");
        close(ready[0]);
        reader = StatsReader::open(std::getenv("TIDEMARK_INSTANCE"));
        if (!reader) throw std::runtime_error("the stats segment can't be read");
    }
    ~QueryBed() {
        for (const pid_t child : children_) {
            if (child <= 0) continue;
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    }
    QueryBed(const QueryBed&) = delete;
    QueryBed& operator=(const QueryBed&) = delete;

    std::optional<StatsReader> reader;
    std::atomic<std::uint64_t>* atomic = static_cast<std::atomic<std::uint64_t>*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

private:
    [[noreturn]] void report(std::uint32_t device, int ready) const {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        tidemark_allocation(device, TIDEMARK_POOL_DRAM, 1, 4096);
        const char answer = tidemark_flush(20'000) == TIDEMARK_FLUSH_PUBLISHED ? '+' : '-';
        if (write(ready, &answer, 1) != 1) _exit(1);
        for (;;) {
            if (device != 0) {
                pause();
                continue;
            }
            for (std::uint64_t i = 0; i < 50; ++i) {
                tidemark_allocation(0, TIDEMARK_POOL_DRAM, 4096 + i, 64);
                tidemark_free(0, TIDEMARK_POOL_DRAM, 4096 + i);
                atomic->fetch_add(2, std::memory_order_relaxed);
            }
            const timespec rest{0, 20'000};
            nanosleep(&rest, nullptr);
        }
    }

    CollectorProcess collector_;
    pid_t children_[kPrograms] = {};
};

inline QueryBed& bed() {
    static QueryBed one;
    return one;
}

}  // namespace tidemark::bench
