// SPDX-License-Identifier: Apache-2.0
//
// What does a program pay that can be tracked and isn't? Against a branch on a global, in line and behind a call, and
// against the empty loop that carries them all. LTTng-UST's answer is measured by lttng.cpp.
#include "bench/disabled_loop.hpp"
#include "tidemark/producer.hpp"

namespace tidemark::bench {
namespace {

std::uint32_t wanted;  // atomic; stays 0, which no compiler may know
std::uint64_t taken;

[[gnu::noinline, gnu::cold]] void take(std::uint64_t number) { taken += number; }

inline void branch(std::uint64_t number) {
    if (__builtin_expect(__atomic_load_n(&wanted, __ATOMIC_RELAXED) != 0, 0)) take(number);
}

[[gnu::noinline]] void called_branch(std::uint64_t number) { branch(number); }

// The rivals.
struct Nothing {
    void operator()(std::uint64_t number) const { benchmark::DoNotOptimize(number); }
};
struct Branch {
    void operator()(std::uint64_t number) const { branch(number); }
};
struct CalledBranch {
    void operator()(std::uint64_t number) const { called_branch(number); }
};
struct Allocation {
    void operator()(std::uint64_t number) const {
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, number, 64);
    }
};
struct InlineAllocation {
    void operator()(std::uint64_t number) const { allocation(0, Pool::kDram, number, 64); }
};
struct Free {
    void operator()(std::uint64_t number) const { tidemark_free(0, TIDEMARK_POOL_DRAM, number); }
};

bool is_on() { return tidemark_enabled() != 0; }

void register_all(const Options&) {
    add_disabled<Nothing>("empty_loop", is_on);
    add_disabled<Branch>("branch", is_on);
    add_disabled<CalledBranch>("called_branch", is_on);
    add_disabled<InlineAllocation>("inline_allocation", is_on);
    add_disabled<Allocation>("allocation", is_on);
    add_disabled<Free>("free", is_on);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(false, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
