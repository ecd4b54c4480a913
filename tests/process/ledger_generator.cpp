// SPDX-License-Identifier: Apache-2.0
//
// ledger_generator <descriptor> <threads> <slots> <events a round, 0: endless> <children a round>
//
// Allocates and frees through the producer API from several threads, and keeps its own ledger of it. Each thread uses a
// device of its own, so that the peaks are known too; ids are used again as soon as they are free. Threads never run
// further ahead of the collector than their rings hold: they flush, and wait for a collector if there is none.
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/process/ledger_page.hpp"
#include "tidemark/producer.h"

namespace {

using namespace tidemark::test;

constexpr std::uint64_t kAhead = 3000;  // events between two flushes, at most

void nap() { std::this_thread::sleep_for(std::chrono::microseconds(200)); }

// LEDGER_WAITS=0: goes on where there is no collector.
void flush_whatever_happens() {
    static const bool waits = getenv("LEDGER_WAITS") == nullptr;
    for (;;) {
        const int32_t answer = tidemark_flush(1000);
        if (answer == TIDEMARK_FLUSH_PUBLISHED) return;
        if (answer == TIDEMARK_FLUSH_NO_COLLECTOR && !waits) return;
        nap();
    }
}

class Worker {
public:
    Worker(LedgerPage& page, std::uint32_t device, std::uint64_t slots)
        : page_(page), device_(device), sizes_(slots), random_(device * 7919 + 1) {
        for (std::uint32_t i = 0; i < 3; ++i)
            usages_[i] = {device, i < 2 ? i : kLedgerNamedPool, 0, 0, 0, 0, 0, 0, 0};
    }

    // Turns slots, chosen at random, from free to live and back.
    void run(std::uint64_t most) {
        while (tidemark_name_pool(kLedgerPoolName, TIDEMARK_MEMORY_DRAM) < 0)
            nap();  // the other thread is naming it
        std::uint64_t done = 0;
        while (seen(page_.command) == kLedgerRun && (most == 0 || done < most)) {
            const std::uint64_t burst = 1 + random_() % kAhead;
            for (std::uint64_t i = 0; i < burst; ++i)
                step();
            done += burst;
            __atomic_fetch_add(&page_.progress, burst, __ATOMIC_RELAXED);
            flush_whatever_happens();
        }
        events += done;
    }

    void write_ledger() const {
        for (const LedgerUsage& usage : usages_)
            if (usage.allocations != 0) page_.usages[page_.usage_count++] = usage;
        for (std::uint64_t slot = 0; slot < sizes_.size(); ++slot) {
            if (sizes_[slot] == 0) continue;
            page_.buffers[page_.buffer_count++] = {id_of(slot), sizes_[slot], device_,
                                                   usages_[slot % 3].pool};
        }
    }

    std::uint64_t events = 0;

private:
    static std::uint64_t id_of(std::uint64_t slot) { return 0x10000 + slot * 64; }

    void step() {
        const std::uint64_t slot = random_() % sizes_.size();
        LedgerUsage& usage = usages_[slot % 3];
        if (sizes_[slot] != 0) {
            usage.free(sizes_[slot]);
            const std::uint32_t any = TIDEMARK_POOL_ANY;
            tidemark_free(device_, random_() % 4 == 0 ? any : usage.pool, id_of(slot));
            sizes_[slot] = 0;
        } else {
            sizes_[slot] = 1 + random_() % 100000;
            usage.allocate(sizes_[slot]);
            tidemark_allocation(device_, usage.pool, id_of(slot), sizes_[slot]);
        }
    }

    LedgerPage& page_;
    std::uint32_t device_;
    std::vector<std::uint64_t> sizes_;  // by slot; 0: free
    std::mt19937_64 random_;
    LedgerUsage usages_[3];
};

void run_child() {
    for (std::uint64_t i = 1; i <= kChildBuffers; ++i)
        tidemark_allocation(kChildDevice, TIDEMARK_POOL_DRAM, i, kChildBufferSize);
    for (std::uint64_t i = 1; i <= kChildBuffers / 2; ++i)
        tidemark_free(kChildDevice, TIDEMARK_POOL_DRAM, i);
}

void run_round(LedgerPage& page, std::vector<std::unique_ptr<Worker>>& workers, std::uint64_t most,
               std::uint64_t children) {
    std::vector<std::thread> threads;
    for (const auto& worker : workers)
        threads.emplace_back([&worker, most] { worker->run(most); });
    for (std::uint64_t i = 0; i < children && seen(page.command) == kLedgerRun; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            run_child();
            _exit(0);
        }
        waitpid(child, nullptr, 0);
        ++page.children;
    }
    for (std::thread& thread : threads)
        thread.join();
}

void write_ledger(LedgerPage& page, const std::vector<std::unique_ptr<Worker>>& workers) {
    page.usage_count = page.buffer_count = 0;
    page.events = page.lost = 0;
    for (const auto& worker : workers) {
        worker->write_ledger();
        page.events += worker->events;
    }
    tidemark_status status;
    tidemark_get_status(&status, sizeof status);
    page.image = status.image;
    for (const auto& lost : status.lost)
        page.lost += lost.allocations + lost.frees;
}

}  // namespace

int main(int, char** arguments) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto number = [&](int place) { return std::strtoull(arguments[place], nullptr, 10); };
    const LedgerMemory memory(std::atoi(arguments[1]));
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::uint32_t i = 0; i < number(2); ++i)
        workers.push_back(std::make_unique<Worker>(*memory, i, number(3)));
    for (;; nap()) {
        const std::uint32_t command = seen(memory->command);
        if (command == kLedgerEnd) return 0;
        if (command == kLedgerWait || seen(memory->paused) != 0) continue;
        run_round(*memory, workers, number(4), number(5));
        write_ledger(*memory, workers);
        tell(memory->paused, 1u);
    }
}
