// SPDX-License-Identifier: Apache-2.0
//
// The registry of guarded ranges is a flat array read by the handler, which runs on the thread that faulted, between
// two of its instructions: relaxed atomic words are enough. Who changes the array holds a lock, which the handler never
// takes.
#include "shm/fault_guard.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace tidemark::shm {
namespace {

constexpr int kPlaces = 32768;

struct Range {
    std::atomic<std::uintptr_t> begin;
    std::atomic<std::uintptr_t> end;
    std::atomic<bool> faulted;
};

Range ranges[kPlaces];
std::atomic<int> used;
std::mutex changing;
int free_hint = 0;

void on_bus_error(int signal, siginfo_t* information, void*) {
    const auto address = reinterpret_cast<std::uintptr_t>(information->si_addr);
    const int count = used.load(std::memory_order_relaxed);
    for (int i = 0; i < count; ++i) {
        const std::uintptr_t begin = ranges[i].begin.load(std::memory_order_relaxed);
        if (address < begin || address >= ranges[i].end.load(std::memory_order_relaxed)) continue;
        void* page = reinterpret_cast<void*>(address & ~std::uintptr_t{4095});
        if (mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                 0) == MAP_FAILED) {
            break;
        }
        ranges[i].faulted.store(true, std::memory_order_relaxed);
        return;
    }
    // Not ours: let the default action tell of it at the instruction that did it.
    ::signal(signal, SIG_DFL);
}

}  // namespace

bool FaultGuard::install() noexcept {
    struct sigaction action = {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, nullptr) == 0;
}

int FaultGuard::add(const void* begin, std::size_t size) noexcept {
    const std::lock_guard lock(changing);
    for (int tried = 0; tried < kPlaces; ++tried) {
        const int i = (free_hint + tried) % kPlaces;
        if (ranges[i].end.load(std::memory_order_relaxed) != 0) continue;
        const auto first = reinterpret_cast<std::uintptr_t>(begin);
        ranges[i].faulted.store(false, std::memory_order_relaxed);
        ranges[i].begin.store(first, std::memory_order_relaxed);
        ranges[i].end.store(first + size, std::memory_order_relaxed);
        if (i >= used.load(std::memory_order_relaxed)) used.store(i + 1, std::memory_order_relaxed);
        free_hint = i + 1;
        return i;
    }
    return -1;
}

void FaultGuard::remove(int place) noexcept {
    if (place < 0) return;
    const std::lock_guard lock(changing);
    ranges[place].begin.store(0, std::memory_order_relaxed);
    ranges[place].end.store(0, std::memory_order_relaxed);
    if (place < free_hint) free_hint = place;
}

bool FaultGuard::faulted(int place) noexcept {
    return place >= 0 && ranges[place].faulted.load(std::memory_order_relaxed);
}

}  // namespace tidemark::shm
