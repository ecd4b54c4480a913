// SPDX-License-Identifier: Apache-2.0
//
// errno after every public function of the in-process monitor and of the allocation client, succeeding and failing: none
// changes it. Argument 1: "memory" leaves no address space to grow into. Prints each function that changed errno; exit
// status 1 if one did.
#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tidemark/client.hpp"
#include "tidemark/monitor.hpp"

namespace client = tidemark::client;
using tidemark::Monitor;
using tidemark::Pool;

namespace {

int changes = 0;

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

void buffers(Monitor& monitor) {
    keeps_errno("track_allocation", [&] {
        for (std::uint64_t id = 1; id < 200'000; ++id)
            monitor.track_allocation(1, Pool::kDram, id, 100);
    });
    keeps_errno("track_allocation, refused",
                [&] { monitor.track_allocation(99'999, Pool::kL1, 1, ~std::uint64_t{0}); });
    keeps_errno("track_deallocation", [&] { monitor.track_deallocation(1, Pool::kDram, 7); });
    keeps_errno("track_deallocation, any pool", [&] { monitor.track_deallocation(1, 8); });
    keeps_errno("track_deallocation, unknown",
                [&] { monitor.track_deallocation(1, ~std::uint64_t{0}); });
}

void questions(Monitor& monitor) {
    Monitor::BufferFigures figures{};
    keeps_errno("query_device", [&] { (void)monitor.query_device(1); });
    keeps_errno("query_buffers", [&] { monitor.query_buffers(1, figures); });
    keeps_errno("query_pool", [&] { (void)monitor.query_pool(1, Pool::kDram); });
    keeps_errno("problems", [&] { (void)monitor.problems(); });
    keeps_errno("active_buffers", [&] { (void)monitor.active_buffers(1); });
    keeps_errno("registry_bytes", [&] { (void)monitor.registry_bytes(); });
    keeps_errno("refuse_device", [&] { monitor.refuse_device("test", 77, 8); });
    keeps_errno("reset", [&] { monitor.reset(); });
}

void clients() {
    keeps_errno("is_enabled", [] { (void)client::is_enabled(); });
    keeps_errno("allocation", [] { client::allocation(1, 100, 0, 1); });
    keeps_errno("deallocation", [] { client::deallocation(1, 1); });
    keeps_errno("allocation, refused", [] { client::allocation(-1, 100, 99, 1); });
    for (const client::Kind kind : {client::Kind::kCircularBuffer, client::Kind::kKernel}) {
        keeps_errno("begin", [&] {
            for (std::uint64_t id = 0; id < 20'000; ++id)
                client::begin(kind, 2, 10, id % 5);
        });
        keeps_errno("end", [&] { client::end(kind, 2, 10, 3); });
        keeps_errno("end, unknown", [&] { client::end(kind, 3, 10, 3); });
    }
    keeps_errno("kernel_bytes", [] { (void)client::kernel_bytes(2, 0); });
    keeps_errno("query_device of all programs", [] { (void)client::query_device(1); });
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return 2;
    if (std::strcmp(arguments[1], "memory") == 0) {
        const rlimit limit{48 << 20, 48 << 20};
        setrlimit(RLIMIT_AS, &limit);
    }
    keeps_errno("instance", [] { Monitor::instance(); });
    buffers(Monitor::instance());
    questions(Monitor::instance());
    clients();
    return changes != 0 ? 1 : 0;
}
