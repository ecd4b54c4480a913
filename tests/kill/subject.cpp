// SPDX-License-Identifier: Apache-2.0
//
// kill_subject <ledger descriptor> <act>...: does what it is told, one act after the other, writes its ledger and
// exits. Events are those of the script (ledger_script.hpp), each thread's on a device of its own, so that what any
// prefix of them comes to is known.
//
//   events=N           the next N events on device 0
//   counted=N          N events on device 40; the ledger's `progress` says after each how many there were
//   thread=N           a thread does N events on the next device, and ends
//   wait               until the test runs the generator (kLedgerRun)
//   arm=NAME:COUNT[:stop]  arms a kill point from here on
//   child=NAME         a child armed with that point, which gets no ring of its own: no descriptor is left
//   small=NAME         such a child, which may not write files as large as a ring
//   declare            names a pool and a device, with its capacity
//   again              50 buffers on device 30, each allocated twice under one key
//   refuse             names more pools than a ring has room for
//   stacks             allocations at more call sites than a ring has room for, device 20
//   sandbox            as if a seccomp filter came into force
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "producer/runtime.hpp"
#include "shm/kill_point.hpp"
#include "tests/process/ledger_script.hpp"
#include "tidemark/producer.h"

namespace {

using namespace tidemark::test;

constexpr std::uint32_t kStacksDevice = 20;
constexpr std::uint32_t kManyStacks = 12000;  // more than kStackEntries

std::map<std::uint32_t, std::uint64_t> done;  // events by device
std::uint32_t threads = 0;

void arm([[maybe_unused]] const std::string& point) {
#ifdef TIDEMARK_KILL_POINTS
    tidemark::shm::kill_point_arm(point.c_str());
#endif
}

void do_event(std::uint32_t device) {
    const ScriptEvent event = script_event(done[device]++);
    if (event.is_free)
        tidemark_free(device, TIDEMARK_POOL_DRAM, event.id);
    else
        tidemark_allocation(device, TIDEMARK_POOL_DRAM, event.id, event.size);
}

void do_events(std::uint32_t device, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
        do_event(device);
}

void do_counted_events(LedgerPage& page, std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        do_event(40);
        tell(page.progress, i);
    }
}

void wait_for_the_test(LedgerPage& page) {
    if (page.progress == 0) tell(page.progress, std::uint64_t{1});
    while (seen(page.command) == kLedgerWait)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
}

void child(const std::string& point, decltype(RLIMIT_NOFILE) limited, rlim_t most) {
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const rlimit limit{most, most};
        setrlimit(limited, &limit);
        arm(point);
        do_events(0, 4);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status)) _exit(9);  // it never came to its point
}

void allocate_again() {
    for (const std::uint64_t size : {100u, 7u})
        for (std::uint64_t id = 1; id <= 50; ++id)
            tidemark_allocation(30, TIDEMARK_POOL_DRAM, id, size);
}

void refuse() {
    for (int i = 0; i < 12; ++i)
        tidemark_name_pool(("pool " + std::to_string(i)).c_str(), TIDEMARK_MEMORY_DRAM);
}

void declare() {
    tidemark_name_pool("scratch", TIDEMARK_MEMORY_DRAM);
    tidemark_declare_device(0, "device of the script");
    tidemark_declare_memory(0, TIDEMARK_MEMORY_DRAM, std::uint64_t{1} << 40);
}

// A call site of its own for each path of left and right turns.
[[gnu::noinline]] void turn_left(std::uint32_t path, int depth);
[[gnu::noinline]] void turn_right(std::uint32_t path, int depth);
void turn(std::uint32_t path, int depth) {
    if (depth == 0) return do_event(kStacksDevice);
    path % 2 != 0 ? turn_left(path / 2, depth - 1) : turn_right(path / 2, depth - 1);
    __asm__ volatile("");  // no tail call
}
void turn_left(std::uint32_t path, int depth) {
    turn(path, depth);
    __asm__ volatile("");
}
void turn_right(std::uint32_t path, int depth) {
    turn(path, depth);
    __asm__ volatile("" ::: "memory");
}

void act(LedgerPage& page, const std::string& what, const std::string& how) {
    const std::uint64_t count = std::strtoull(how.c_str(), nullptr, 10);
    if (what == "events") do_events(0, count);
    if (what == "counted") do_counted_events(page, count);
    if (what == "thread") {
        const std::uint32_t device = ++threads;
        done[device] = 0;
        std::thread([&] { do_events(device, count); }).join();
    }
    if (what == "wait") wait_for_the_test(page);
    if (what == "arm") arm(how);
    if (what == "child") child(how, RLIMIT_NOFILE, 3);
    if (what == "small") child(how, RLIMIT_FSIZE, 4096);
    if (what == "declare") declare();
    if (what == "again") allocate_again();
    if (what == "refuse") refuse();
    if (what == "stacks")
        for (std::uint32_t i = 0; i < kManyStacks; ++i)
            turn(i, 14);
    if (what == "sandbox")
        tidemark::producer::enter_sandbox(tidemark::producer::SandboxKind::kFilter);
}

void write_ledger(LedgerPage& page) {
    for (const auto& [device, count] : done) {
        page.usages[page.usage_count++] = script_usage(count, device);
        page.events += count;
        for (const LedgerBuffer& buffer : script_buffers(count, device))
            page.buffers[page.buffer_count++] = buffer;
    }
    tidemark_status status;
    tidemark_get_status(&status, sizeof status);
    page.image = status.image;
    for (const auto& lost : status.lost)
        page.lost += lost.allocations + lost.frees;
    tell(page.paused, 1u);
}

}  // namespace

int main(int, char** arguments) {
    const LedgerMemory memory(std::atoi(arguments[1]));
    for (char** next = arguments + 2; *next != nullptr; ++next) {
        const std::string text = *next;
        const auto equals = text.find('=');
        act(*memory, text.substr(0, equals),
            equals == std::string::npos ? "" : text.substr(equals + 1));
    }
    write_ledger(*memory);
    return 0;
}
