// SPDX-License-Identifier: Apache-2.0
//
// Promise 8: identity is the image, never the pid. Exec in place, fork, and a pid that is used again.
#include <doctest/doctest.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

std::vector<tidemark_process_row> processes_of(const std::string& instance, pid_t pid) {
    std::vector<tidemark_process_row> rows;
    for (const tidemark_process_row& row : read_stats(instance).all<tidemark_process_row>())
        if (row.pid == pid) rows.push_back(row);
    return rows;
}

const tidemark_process_row* in_state(const std::vector<tidemark_process_row>& rows,
                                     std::uint32_t state) {
    for (const tidemark_process_row& row : rows)
        if (row.state == state) return &row;
    return nullptr;
}

// Starts the script under a pid that was used before; -1 if the kernel doesn't let us choose. Its descriptor is kept
// open by the caller.
pid_t run_as(pid_t pid, int page, const Variables& variables) {
    clone_args how{};
    how.exit_signal = SIGCHLD;
    how.set_tid = reinterpret_cast<std::uint64_t>(&pid);
    how.set_tid_size = 1;
    const long child = syscall(SYS_clone3, &how, sizeof how);
    if (child != 0) return static_cast<pid_t>(child);
    for (const auto& [name, value] : variables)
        setenv(name.c_str(), value.c_str(), 1);
    const std::string program = built("ledger_script"), number = std::to_string(page);
    execl(program.c_str(), program.c_str(), "end", number.c_str(), "600", nullptr);
    _exit(126);
}

}  // namespace

TEST_CASE("a program executed in place is a second image whose parent is the first") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script script("exec", {"1000"}, instance.tracked());
    REQUIRE(script.arrived(1));
    std::vector<tidemark_process_row> rows;
    REQUIRE(comes_true([&] {
        rows = processes_of(instance.name(), script.pid());
        const auto* second = in_state(rows, TIDEMARK_PROCESS_RUNNING);
        return in_state(rows, TIDEMARK_PROCESS_EXITED) && second && second->events == 1000;
    }));
    REQUIRE(rows.size() == 2);
    const tidemark_process_row first = *in_state(rows, TIDEMARK_PROCESS_EXITED);
    const tidemark_process_row second = *in_state(rows, TIDEMARK_PROCESS_RUNNING);
    CHECK(second.parent_image == first.image);
    CHECK(second.start_ticks == first.start_ticks);
    CHECK(first.events == 1000);
    CHECK(usage_differences(usage_of(instance.name(), first.image), script_usage(1000)) == "");
    CHECK(usage_differences(usage_of(instance.name(), second.image), script_usage(1000)) == "");
    CHECK(leak_differences(instance.name(), first.image, 1000) == "");
}

TEST_CASE(
    "a forked child is an image of its own, and what it frees of its parent's is inherited, not "
    "unknown") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script script("fork", {"2000"}, instance.tracked());
    REQUIRE(script.arrived(1));
    const auto child_of = [&](std::uint64_t parent) {
        return row_where<tidemark_process_row>(read_stats(instance.name()), [&](const auto& r) {
            return r.parent_image == parent && r.state == TIDEMARK_PROCESS_EXITED;
        });
    };
    std::optional<tidemark_process_row> parent, child;
    REQUIRE(comes_true([&] {
        parent = process_of(instance.name(), script.pid());
        child = parent ? child_of(parent->image) : std::nullopt;
        return child.has_value();
    }));
    CHECK(parent->events == 2000);
    CHECK(parent->unknown_frees == 0);
    CHECK(child->inherited_frees == script_buffers(2000).size());
    CHECK(child->unknown_frees == 0);
    CHECK(child->exact == 1);
    CHECK(usage_differences(usage_of(instance.name(), parent->image), script_usage(2000)) == "");
    CHECK(usage_differences(usage_of(instance.name(), child->image, 1), script_usage(2000, 1)) ==
          "");
}

TEST_CASE("a pid that is used again is another image, and inherits nothing") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    pid_t pid = -1;
    {
        Script script("run", {"1000"}, instance.tracked());
        pid = script.pid();
        script.go(1);
        CHECK(script.wait() == 0);
    }
    REQUIRE(comes_true([&] {
        return in_state(processes_of(instance.name(), pid), TIDEMARK_PROCESS_EXITED) != nullptr;
    }));
    const int page = memfd_create("script", 0);
    REQUIRE(ftruncate(page, sizeof(ScriptPage)) == 0);
    const pid_t again = run_as(pid, page, instance.tracked());
    if (again < 0) {
        close(page);
        MESSAGE("the kernel does not let this user choose a pid; not tried");
        return;
    }
    REQUIRE(again == pid);
    CHECK(wait_until_ended(again) == 0);
    close(page);
    std::vector<tidemark_process_row> rows;
    REQUIRE(comes_true([&] {
        rows = processes_of(instance.name(), pid);
        return rows.size() == 2 && !in_state(rows, TIDEMARK_PROCESS_RUNNING);
    }));
    for (const tidemark_process_row& row : rows) {
        CHECK((row.events == 1000 || row.events == 600));
        CHECK(leak_differences(instance.name(), row.image, row.events) == "");
    }
    CHECK(rows[0].events + rows[1].events == 1600);
}
