// SPDX-License-Identifier: Apache-2.0
//
// A host program with the producer API, driven by lines on its standard input; it answers each with one line.
//
//   do EVENTS [THREADS]  each thread allocates EVENTS buffers of 10 bytes and frees every fourth; says how many of both
//   pair EVENTS          allocates EVENTS buffers and frees each; says how many of both
//   forget               frees all that it ever allocated, once more what it freed already
//   lost                 allocations, frees and bytes that it lost, by cause
//   descriptors N        keeps its files, and may open no more than N; 0: as many as before
//   maps N               maps pages until the system refuses another, and leaves room for N maps; says if there was a limit
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

// The same page of one file again and again: neighbours that are never made one map. A system maps until it has more than
// vm.max_map_count, so after this not one more fits.
constexpr std::size_t kMostMaps = 1 << 17;
constexpr std::size_t kPage = 4096;
void* maps[kMostMaps];
std::size_t mapped = 0;

void take_maps(std::uint64_t left) {
    const int file = memfd_create("page", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, kPage) != 0) return void(std::puts("failed"));
    while (mapped < kMostMaps) {
        void* const one = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, file, 0);
        if (one == MAP_FAILED) break;
        maps[mapped++] = one;
    }
    close(file);
    const bool has_limit = mapped < kMostMaps;
    for (; left > 0 && mapped > 0; --left)
        munmap(maps[--mapped], kPage);
    std::puts(has_limit ? "ok" : "no limit");
}

void give_maps_back() {
    while (mapped > 0)
        munmap(maps[--mapped], kPage);
    std::puts("ok");
}

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
