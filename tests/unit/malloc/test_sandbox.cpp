// SPDX-License-Identifier: Apache-2.0
//
// prctl and syscall go through unchanged, and a sandbox is told before it is entered.
#include <doctest/doctest.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>

#include "stand_in.hpp"
#include "trace_runtime.hpp"
#include "tracked_names.hpp"

namespace {

struct Tracked {
    Tracked() {
        trace::set_tracking(true);
        trace::taken();
    }
};

std::string told() {
    std::string all;
    for (const auto& entry : trace::taken())
        all += entry.what + ";";
    return all;
}

}  // namespace

TEST_CASE_FIXTURE(Tracked, "prctl reaches libc with its arguments, result and errno") {
    CHECK(tracked_prctl(PR_SET_NAME, 11, 12, 13, 14) == -1);
    CHECK(errno == EACCES);
    CHECK(stand_in::last_call.number == PR_SET_NAME);
    for (unsigned long i = 0; i < 4; ++i)
        CHECK(stand_in::last_call.arguments[i] == 11 + i);
    CHECK(told().empty());
}

TEST_CASE_FIXTURE(Tracked, "syscall reaches libc with six arguments, result and errno") {
    CHECK(tracked_syscall(SYS_futex, 11ul, 12ul, 13ul, 14ul, 15ul, 16ul) == -1);
    CHECK(errno == EBUSY);
    CHECK(stand_in::last_call.number == SYS_futex);
    for (unsigned long i = 0; i < 6; ++i)
        CHECK(stand_in::last_call.arguments[i] == 11 + i);
    CHECK(told().empty());
}

TEST_CASE_FIXTURE(Tracked, "a child that could not be made is none") {
    for (const long number : {SYS_clone, SYS_clone3}) {
        alignas(8) unsigned long arguments[11] = {};
        CHECK(tracked_syscall(number, arguments, 0ul, 0ul, 0ul, 0ul, 0ul) == -1);
        CHECK(errno == EBUSY);
    }
    CHECK(told().empty());
}

TEST_CASE_FIXTURE(Tracked, "each way into a sandbox is seen") {
    tracked_prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
    CHECK(told() == "strict;");
    tracked_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 4096, 0, 0);
    CHECK(told() == "filter;");
    tracked_prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
    CHECK(told() == "no stamp;");
    tracked_syscall(SYS_seccomp, 0ul + SECCOMP_SET_MODE_STRICT, 0ul, 0ul, 0ul, 0ul, 0ul);
    CHECK(told() == "strict;");
    tracked_syscall(SYS_seccomp, 0ul + SECCOMP_SET_MODE_FILTER, 1ul, 4096ul, 0ul, 0ul, 0ul);
    CHECK(told() == "filter;");
    tracked_syscall(SYS_prctl, 0ul + PR_SET_SECCOMP, 2ul, 4096ul, 0ul, 0ul, 0ul);
    CHECK(told() == "filter;");
}

TEST_CASE_FIXTURE(Tracked, "asking what the kernel can do enters nothing") {
    tracked_prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    tracked_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0, 0, 0);
    tracked_prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
    tracked_syscall(SYS_seccomp, 0ul + SECCOMP_SET_MODE_FILTER, 1ul, 0ul, 0ul, 0ul, 0ul);
    tracked_syscall(SYS_seccomp, 0ul + SECCOMP_GET_ACTION_AVAIL, 0ul, 4096ul, 0ul, 0ul, 0ul);
    CHECK(told().empty());
}

TEST_CASE_FIXTURE(Tracked, "a program that is not tracked tells nothing") {
    trace::set_tracking(false);
    tracked_prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
    CHECK(told().empty());
}
