// SPDX-License-Identifier: Apache-2.0
//
// The program that the producer's process tests watch: one scene a run, named by its first argument. It exits with 0
// if the scene went as it should; what it recorded is in its rings.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "producer/runtime.hpp"
#include "tidemark/producer.hpp"

namespace {

using tidemark::Pool;

const char* own_path;
std::uint64_t next_id = 1;

void record(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t id = next_id++;
        tidemark::allocation(0, Pool::kDram, id, id & 0xFFFF);
    }
}

std::uint64_t lost(int cause) { return tidemark::status().lost[cause].allocations; }

bool ends_well(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int number(char** arguments) { return arguments[0] != nullptr ? atoi(arguments[0]) : 0; }

int plain(char** arguments) {
    record(strtoull(arguments[0], nullptr, 10));
    return 0;
}

int forks(char**) {
    record(10);
    const pid_t child = fork();
    if (child == 0) {
        tidemark::free(0, Pool::kDram, 1);  // the parent's buffer
        record(20);
        const pid_t grandchild = fork();
        if (grandchild != 0) _exit(ends_well(grandchild) ? 0 : 1);
        record(30);
        _exit(0);
    }
    record(5);
    return ends_well(child) ? 0 : 1;
}

// Children that record nothing make no ring; their own children still know whose they are.
int forks_twice_silently(char**) {
    record(1);
    const pid_t child = fork();
    if (child != 0) return ends_well(child) ? 0 : 1;
    const pid_t grandchild = fork();
    if (grandchild != 0) _exit(ends_well(grandchild) ? 0 : 1);
    record(2);
    _exit(0);
}

int forks_among_threads(char**) {
    std::atomic<bool> stopping{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            while (!stopping) {
                tidemark::allocation(1, Pool::kL1, 1, 1);
                std::thread([] { tidemark::allocation(1, Pool::kL1, 2, 1); }).join();
            }
        });
    }
    int failed = 0;
    for (int i = 0; i < 50; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            next_id = 1;
            record(20);
            _exit(0);
        }
        failed += !ends_well(child);
    }
    stopping = true;
    for (std::thread& thread : threads)
        thread.join();
    return failed;
}

int vforks(char**) {
    record(10);
    const pid_t child = vfork();
    if (child == 0) {
        record(7);
        _exit(0);
    }
    record(5);
    return ends_well(child) ? 0 : 1;
}

// A thread whose first event happens in its vfork child: that process must claim nothing in its own name.
int vforks_in_new_thread(char**) {
    record(1);
    bool well = false;
    std::thread([&] {
        const pid_t child = vfork();
        if (child == 0) {
            record(3);
            _exit(0);
        }
        record(5);
        well = ends_well(child);
    }).join();
    record(1);
    return well ? 0 : 1;
}

int clones(char**) {
    record(10);
    const auto child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (child == 0) {
        record(20);
        _exit(0);
    }
    record(5);
    return ends_well(child) ? 0 : 1;
}

int executes_itself(char**) {
    record(10);
    execl(own_path, own_path, "plain", "7", nullptr);
    return 1;
}

// Stops itself where the test wants to look.
int closes_everything(char**) {
    record(10);
    for (int fd = 0; fd < 1024; ++fd)
        close(fd);
    record(5);
    raise(SIGSTOP);
    record(1);
    return 0;
}

int becomes_a_daemon(char**) {
    record(3);
    if (fork() != 0) _exit(0);
    setsid();
    const pid_t child = fork();
    if (child != 0) _exit(ends_well(child) ? 0 : 1);
    for (int fd = 0; fd < 1024; ++fd)
        close(fd);
    record(4);
    _exit(0);
}

// The child lives until the pipe, whose reading end is the argument, closes.
int leaves_a_child(char** arguments) {
    record(3);
    if (fork() == 0) {
        char byte;
        _exit(read(number(arguments), &byte, 1) == 0 ? 0 : 1);
    }
    return 0;
}

void record_at_exit() { record(2); }

struct Static {
    ~Static() { record(3); }
};

int records_at_exit(char**) {
    static const Static instance;
    atexit(record_at_exit);
    record(1);
    return 0;
}

int keeps_errno(char**) {
    for (int i = 0; i < 40'000; ++i) {
        errno = 1000 + i;
        record(1);
        if (errno != 1000 + i) return 1;
    }
    std::thread([] {
        errno = 77;
        record(1);
        if (errno != 77) _exit(1);
    }).join();
    errno = 55;
    (void)tidemark::flush(0);
    (void)tidemark::declare_device(0, "x");
    return errno == 55 ? 0 : 1;
}

bool xfsz_is_pending() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGXFSZ) == 1;
}

int has_no_file_size(char**) {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &limit);
    record(10);
    if (tidemark::status().attached != 0 || lost(TIDEMARK_LOSS_NO_SPACE) != 10) return 1;
    if (xfsz_is_pending()) return 2;
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    while (tidemark::status().attached == 0)
        record(1);
    record(5);
    return 0;
}

int has_little_file_size(char**) {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 3 << 20;
    setrlimit(RLIMIT_FSIZE, &limit);
    record(10);
    return xfsz_is_pending() ? 1 : 0;
}

// Everything but these ends the program with SIGSYS.
bool forbid_system_calls() {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    tidemark::producer::enter_sandbox(tidemark::producer::SandboxKind::kFilter);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int enters_a_filter(char**) {
    record(10);
    if (!forbid_system_calls()) return 1;
    record(40'000);  // more than any ring holds
    syscall(SYS_exit_group, 0);
    return 1;
}

int enters_a_filter_first(char**) {
    if (!forbid_system_calls()) return 1;
    record(100);
    syscall(SYS_exit_group, 0);
    return 1;
}

int enters_strict_mode(char**) {
    record(10);
    tidemark::producer::enter_sandbox(tidemark::producer::SandboxKind::kStrict);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) syscall(SYS_exit, 1);
    record(1000);
    syscall(SYS_exit, 0);
    return 1;
}

int forbids_the_counter(char**) {
    record(10);
    tidemark::producer::enter_sandbox(tidemark::producer::SandboxKind::kNoStamp);
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) != 0) return 1;
    record(1000);
    if (tidemark::producer::stamp() != 0) return 1;
    const pid_t child = fork();
    if (child == 0) {
        record(5);
        _exit(0);
    }
    return ends_well(child) ? 0 : 1;
}

// A vfork child that enters a sandbox does not take its parent along.
int vforks_into_a_sandbox(char**) {
    record(1);
    const pid_t child = vfork();
    if (child == 0) {
        tidemark::producer::enter_sandbox(tidemark::producer::SandboxKind::kStrict);
        _exit(0);
    }
    record(2);
    return ends_well(child) && tidemark::status().sandboxed == 0 ? 0 : 1;
}

int is_disabled(char**) {
    record(100);
    Pool pool{};
    if (tidemark::enabled() || tidemark::status().enabled != 0) return 1;
    if (!tidemark::name_pool("mine", tidemark::Memory::kDram, pool)) return 1;
    return tidemark::flush(0) == tidemark::Flush::kNoCollector ? 0 : 1;
}

struct Scene {
    const char* name;
    int (*play)(char** arguments);
};

constexpr Scene kScenes[] = {
    {"plain", plain},
    {"forks", forks},
    {"forks_twice_silently", forks_twice_silently},
    {"forks_among_threads", forks_among_threads},
    {"vforks", vforks},
    {"vforks_in_new_thread", vforks_in_new_thread},
    {"clones", clones},
    {"executes_itself", executes_itself},
    {"closes_everything", closes_everything},
    {"becomes_a_daemon", becomes_a_daemon},
    {"leaves_a_child", leaves_a_child},
    {"records_at_exit", records_at_exit},
    {"keeps_errno", keeps_errno},
    {"has_no_file_size", has_no_file_size},
    {"has_little_file_size", has_little_file_size},
    {"enters_a_filter", enters_a_filter},
    {"enters_a_filter_first", enters_a_filter_first},
    {"enters_strict_mode", enters_strict_mode},
    {"forbids_the_counter", forbids_the_counter},
    {"vforks_into_a_sandbox", vforks_into_a_sandbox},
    {"is_disabled", is_disabled},
};

}  // namespace

int main(int count, char** arguments) {
    own_path = arguments[0];
    for (const Scene& scene : kScenes)
        if (count > 1 && strcmp(scene.name, arguments[1]) == 0) return scene.play(arguments + 2);
    fprintf(stderr, "producer_subject: no such scene\n");
    return 2;
}
