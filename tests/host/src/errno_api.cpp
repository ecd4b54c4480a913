// SPDX-License-Identifier: Apache-2.0
//
// errno after every public function of the producer, succeeding and failing: none changes it. Argument 1 takes something
// away first: descriptors, file sizes, address space, or nothing. Events are enough to pass every size of a lane, in
// several threads and in a fork child. Prints each function that changed errno; exit status 1 if one did.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include "tidemark/producer.hpp"

namespace {

std::atomic<int> changes{0};

template <class Call>
void keeps_errno(const char* name, Call call) {
    for (const int before : {0, 4321}) {
        errno = before;
        call();
        if (errno == before) continue;
        ++changes;
        std::printf("%s: errno %d became %d\n", name, before, errno);
    }
}

void events() {
    const auto one = [] {
        static thread_local std::uint64_t id = 0;
        ++id;
        tidemark_allocation(2, TIDEMARK_POOL_DRAM, id, 100);
        tidemark_free_sized(2, TIDEMARK_POOL_DRAM, id, 100);
    };
    keeps_errno("tidemark_allocation, tidemark_free_sized", [&] {
        for (int i = 0; i < 20'000; ++i)
            one();
    });
    keeps_errno("tidemark_free", [] { tidemark_free(2, TIDEMARK_POOL_ANY, 12345); });
    keeps_errno("refused", [] { tidemark_allocation(99999, 99, 1, ~std::uint64_t{0}); });
    keeps_errno("refused free", [] { tidemark_free(99999, 99, 1); });
}

void declarations() {
    keeps_errno("tidemark_enabled", [] { tidemark_enabled(); });
    for (int i = 0; i < 20; ++i) {  // more than there is room for
        const std::string name = "name " + std::to_string(i);
        keeps_errno("tidemark_name_pool", [&] { tidemark_name_pool(name.c_str(), 0); });
        keeps_errno("tidemark_declare_device",
                    [&] { tidemark_declare_device(static_cast<std::uint32_t>(i), name.c_str()); });
        keeps_errno("tidemark_declare_memory",
                    [&] { tidemark_declare_memory(static_cast<std::uint32_t>(i), 0, 100); });
    }
    keeps_errno("conflicting pool", [] { tidemark_name_pool("name 0", 1); });
    keeps_errno("conflicting device", [] { tidemark_declare_device(0, "other"); });
    keeps_errno("conflicting memory", [] { tidemark_declare_memory(0, 0, 101); });
    keeps_errno("no name", [] { tidemark_name_pool(nullptr, 0); });
    keeps_errno("no device name", [] { tidemark_declare_device(0, ""); });
    keeps_errno("no capacity", [] { tidemark_declare_memory(0, 0, 0); });
}

void questions() {
    tidemark_status status;
    keeps_errno("tidemark_get_status", [&] { tidemark_get_status(&status, sizeof status); });
    keeps_errno("no status", [] { tidemark_get_status(nullptr, 0); });
    keeps_errno("tidemark_flush, no wait", [] { tidemark_flush(0); });
    keeps_errno("tidemark_flush", [] { tidemark_flush(20); });
}

void all() {
    events();
    declarations();
    questions();
    events();
}

void take_away(const char* what) {
    rlimit limit{0, 0};
    if (std::strcmp(what, "descriptors") == 0) setrlimit(RLIMIT_NOFILE, &limit);
    if (std::strcmp(what, "sizes") == 0) setrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max = 64 << 20;
    if (std::strcmp(what, "memory") == 0) setrlimit(RLIMIT_AS, &limit);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return 2;
    take_away(arguments[1]);
    all();
    const pid_t child = fork();
    if (child == 0) {
        all();
        std::fflush(stdout);
        _exit(changes != 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (std::strcmp(arguments[1], "memory") != 0) {
        std::thread first(all), second(all);
        first.join();
        second.join();
    }
    return changes != 0 || status != 0 ? 1 : 0;
}
