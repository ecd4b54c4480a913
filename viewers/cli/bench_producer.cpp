// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

#include "viewers/cli/bench_figures.hpp"
#include "viewers/cli/programs.hpp"

namespace tidemark::cli {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

}  // namespace

bool BenchProducer::load(const std::string& instance) {
    const Found found = find_producer_library();
    if (found.path.empty()) {
        error_ = found.error;
        return false;
    }
    for (const char* name : {"TT_ALLOC_TRACKING_ENABLED", "TIDEMARK_POLICY", "TIDEMARK_RING_BUDGET",
                             "TIDEMARK_STACKS"}) {
        ::unsetenv(name);
    }
    ::setenv("TIDEMARK_ENABLED", "1", 1);
    ::setenv("TIDEMARK_INSTANCE", instance.c_str(), 1);
    void* const library = dlopen(found.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    const bool complete = library != nullptr && find(library, "tidemark_allocation", allocation_) &&
                          find(library, "tidemark_free", free_) &&
                          find(library, "tidemark_flush", flush_) &&
                          find(library, "tidemark_get_status", status_);
    if (!complete) {
        const char* const why = dlerror();
        error_ = found.path + " could not be loaded: " + (why != nullptr ? why : "unknown");
    }
    return complete;
}

bool BenchProducer::flush() const { return flush_(10'000) == TIDEMARK_FLUSH_PUBLISHED; }

std::uint64_t BenchProducer::lost() const {
    tidemark_status status{};
    status_(&status, sizeof status);
    std::uint64_t sum = 0;
    for (const auto& cause : status.lost) {
        sum += cause.allocations + cause.frees;
    }
    return sum;
}

}  // namespace tidemark::cli
