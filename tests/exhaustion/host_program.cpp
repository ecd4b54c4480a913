// SPDX-License-Identifier: Apache-2.0
//
// A host program with the producer API, driven by lines on its standard input; it answers each with one line.
//
//   do EVENTS [THREADS]  each thread allocates EVENTS buffers of 10 bytes and frees every fourth; says how many of both
//   pair EVENTS          allocates EVENTS buffers and frees each; says how many of both
//   forget               frees all that it ever allocated, once more what it freed already
//   lost                 allocations, frees and bytes that it lost, by cause
//   descriptors N        keeps its files, and may open no more than N; 0: as many as before
//   maps N               maps pages until the system refuses another, and leaves room for N; says if there was a limit
//   unmap                gives them back
//   clone                makes a child with a raw clone that allocates; says with what status it ended
//   flush                what tidemark_flush() answers
//   end                  exits with 7 and what is live
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "tidemark/producer.h"

namespace {

std::atomic<std::uint64_t> next_id{1};

void work(std::uint64_t events) {
    for (std::uint64_t i = 0; i < events; ++i) {
        const std::uint64_t id = next_id++;
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, 10);
        if (i % 4 == 3) tidemark_free(0, TIDEMARK_POOL_DRAM, id);
    }
}

void work_in_pairs(std::uint64_t events) {
    for (std::uint64_t i = 0; i < events; ++i) {
        const std::uint64_t id = next_id++;
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, 10);
        tidemark_free(0, TIDEMARK_POOL_DRAM, id);
    }
}

void work_in_threads(std::uint64_t events, unsigned count) {
    std::vector<std::thread> threads;
    std::barrier all_did(count);  // so that each has a lane of its own
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back([&all_did, events] {
            work(events);
            all_did.arrive_and_wait();
        });
    for (std::thread& thread : threads)
        thread.join();
}

void say_lost() {
    tidemark_status status;
    tidemark_get_status(&status, sizeof status);
    for (const auto& lost : status.lost)
        std::printf("%llu %llu %llu ", static_cast<unsigned long long>(lost.allocations),
                    static_cast<unsigned long long>(lost.frees),
                    static_cast<unsigned long long>(lost.bytes));
    std::puts("");
}

void limit_descriptors(std::uint64_t most) {
    static rlimit before{};
    if (before.rlim_max == 0) getrlimit(RLIMIT_NOFILE, &before);
    const rlimit now{most == 0 ? before.rlim_cur : most, before.rlim_max};
    std::puts(setrlimit(RLIMIT_NOFILE, &now) == 0 ? "ok" : "failed");
}

// Neighbours of unlike protection, so that each is a map of its own.
constexpr std::size_t kPages = 1 << 17;
constexpr std::size_t kPage = 4096;
char* reserved = nullptr;

void take_maps(std::uint64_t left) {
    void* const all = mmap(nullptr, kPages * kPage, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) return void(std::puts("failed"));
    reserved = static_cast<char*>(all);
    std::size_t page = 1;
    while (page < kPages && mprotect(reserved + page * kPage, kPage, PROT_READ) == 0)
        page += 2;
    // Each page that is like its neighbours again takes two maps less.
    for (std::uint64_t i = 0; 2 * i < left && page > 2 * i + 2; ++i)
        mprotect(reserved + (page - 2 * i - 2) * kPage, kPage, PROT_NONE);
    std::puts(page < kPages ? "ok" : "no limit");
}

void give_maps_back() { std::puts(munmap(reserved, kPages * kPage) == 0 ? "ok" : "failed"); }

void clone_child() {
    const long pid = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) {
        work_in_pairs(100);
        _exit(3);
    }
    int status = -1;
    waitpid(static_cast<pid_t>(pid), &status, 0);
    std::printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

int main() {
    setvbuf(stdout, nullptr, _IOLBF, 4096);
    char line[128];
    while (std::fgets(line, sizeof line, stdin) != nullptr) {
        unsigned long long number = 0;
        unsigned threads = 1;
        if (std::sscanf(line, "do %llu %u", &number, &threads) >= 1) {
            work_in_threads(number, threads);
            std::printf("%llu %llu\n", number * threads, number / 4 * threads);
        } else if (std::sscanf(line, "pair %llu", &number) == 1) {
            work_in_pairs(number);
            std::printf("%llu %llu\n", number, number);
        } else if (std::sscanf(line, "descriptors %llu", &number) == 1) {
            limit_descriptors(number);
        } else if (std::sscanf(line, "maps %llu", &number) == 1) {
            take_maps(number);
        } else if (std::strcmp(line, "unmap\n") == 0) {
            give_maps_back();
        } else if (std::strcmp(line, "clone\n") == 0) {
            clone_child();
        } else if (std::strcmp(line, "forget\n") == 0) {
            for (std::uint64_t id = 1; id < next_id; ++id)
                tidemark_free(0, TIDEMARK_POOL_DRAM, id);
            std::puts("ok");
        } else if (std::strcmp(line, "lost\n") == 0) {
            say_lost();
        } else if (std::strcmp(line, "flush\n") == 0) {
            std::printf("%d\n", tidemark_flush(2000));
        } else if (std::strcmp(line, "end\n") == 0) {
            return 7;
        }
    }
    return 1;
}
