// SPDX-License-Identifier: Apache-2.0
//
// ledger_script <what> <descriptor> <count> [...]: programs of known events, see ledger_script.hpp.
//
//   run N          the first N events of the script, then waits for phase 1 and exits with what is live
//   end N          the first N events, and exits at once
//   exec N         the first N events, then executes itself as `run N`
//   fork N         the first N events; a child frees all that they left, does N of its own on device 1, and exits
//   crowd N C      C children that each do N events, all attached at once, until phase 1
//   storm C        C short-lived children, two at a time, each four events
//   pools N F      a buffer of 100 bytes in each of N devices' DRAM, from device F on, then waits for phase 1
//   flood N        allocations as fast as they come, without waiting, in each of the phases 1 and 2
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "tests/process/ledger_script.hpp"
#include "tidemark/producer.h"

namespace {

using namespace tidemark::test;

void do_event(std::uint64_t index, std::uint32_t device) {
    const ScriptEvent event = script_event(index);
    if (event.is_free)
        tidemark_free(device, TIDEMARK_POOL_DRAM, event.id);
    else
        tidemark_allocation(device, TIDEMARK_POOL_DRAM, event.id, event.size);
}

void do_events(std::uint64_t count, std::uint32_t device = 0) {
    for (std::uint64_t i = 0; i < count; ++i)
        do_event(i, device);
}

void arrive_and_wait(ScriptPage& page, std::uint32_t phase) {
    __atomic_add_fetch(&page.arrived, 1, __ATOMIC_ACQ_REL);
    // A thousand of them wait here, so without polling.
    for (std::uint32_t go = 0; (go = seen(page.go)) < phase;)
        syscall(SYS_futex, &page.go, FUTEX_WAIT, go, nullptr, nullptr, 0);
}

template <class Task>
pid_t child(Task task) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    task();
    _exit(0);
}

void wait_for_children() {
    while (wait(nullptr) > 0) {
    }
}

void fork_one(ScriptPage& page, std::uint64_t count) {
    do_events(count);
    child([count] {
        for (const LedgerBuffer& buffer : script_buffers(count))
            tidemark_free(buffer.device, buffer.pool, buffer.id);
        do_events(count, 1);
    });
    wait_for_children();
    arrive_and_wait(page, 1);
}

void crowd(ScriptPage& page, std::uint64_t count, std::uint64_t children) {
    for (std::uint64_t i = 0; i < children; ++i) {
        child([&] {
            do_events(count);
            arrive_and_wait(page, 1);
        });
    }
    wait_for_children();
}

void storm(std::uint64_t children) {
    for (std::uint64_t i = 0; i < children; ++i) {
        if (i >= 2) wait(nullptr);
        child([] { do_events(4); });
    }
    wait_for_children();
}

void flood(ScriptPage& page, std::uint64_t count) {
    for (std::uint32_t phase = 1; phase <= 2; ++phase) {
        arrive_and_wait(page, phase);
        for (std::uint64_t i = 0; i < count; ++i)
            tidemark_allocation(0, TIDEMARK_POOL_DRAM, phase * count + i, 10);
        tidemark_status status;
        tidemark_get_status(&status, sizeof status);
        const auto& full = status.lost[TIDEMARK_LOSS_FULL];
        page.lost_allocations = full.allocations;
        page.lost_frees = full.frees;
        page.lost_bytes = full.bytes;
        tell(page.sent, page.sent + count);
    }
    arrive_and_wait(page, 3);
}

void pools(ScriptPage& page, std::uint64_t count, std::uint32_t first) {
    for (std::uint32_t i = 0; i < count; ++i)
        tidemark_allocation(first + i, TIDEMARK_POOL_DRAM, 1, 100);
    arrive_and_wait(page, 1);
}

}  // namespace

int main(int, char** arguments) {
    const char* what = arguments[1];
    const int descriptor = std::atoi(arguments[2]);
    const std::uint64_t count = std::strtoull(arguments[3], nullptr, 10);
    auto* page = static_cast<ScriptPage*>(
        mmap(nullptr, sizeof(ScriptPage), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
    if (page == MAP_FAILED) return 2;
    if (std::strcmp(what, "run") == 0) {
        do_events(count);
        arrive_and_wait(*page, 1);
    } else if (std::strcmp(what, "end") == 0) {
        do_events(count);
    } else if (std::strcmp(what, "exec") == 0) {
        do_events(count);
        execl("/proc/self/exe", arguments[0], "run", arguments[2], arguments[3], nullptr);
        return 3;
    } else if (std::strcmp(what, "fork") == 0) {
        fork_one(*page, count);
    } else if (std::strcmp(what, "crowd") == 0) {
        crowd(*page, count, std::strtoull(arguments[4], nullptr, 10));
    } else if (std::strcmp(what, "storm") == 0) {
        storm(count);
    } else if (std::strcmp(what, "pools") == 0) {
        pools(*page, count, static_cast<std::uint32_t>(std::atoi(arguments[4])));
    } else if (std::strcmp(what, "flood") == 0) {
        flood(*page, count);
    }
    return 0;
}
