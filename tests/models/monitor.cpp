// SPDX-License-Identifier: Apache-2.0
//
// The in-process monitor: its lock, and the lines of figures that are read without it.
#include <new>

#include "models/parts.hpp"
#include "producer/monitor/pool_line.hpp"

namespace tidemark::model {
namespace {

using monitor::PoolLine;
using monitor::PoolWriter;

monitor::Lock lock;
std::uint64_t guarded, inside;
alignas(64) PoolLine line;

void begin_with_threads(char is_single) {
    __libc_single_threaded = is_single;
    share(&lock, sizeof lock);
    share(&guarded, sizeof guarded);
    share(&line, sizeof line);
    inside = 0;
}
void begin() { begin_with_threads(0); }

void count_under_lock() {
    const monitor::Guard guard(lock);
    ++guarded;
}
void both_counted() { require(guarded == 2, "an addition was lost"); }

void allocate_twice() {
    PoolWriter(line).allocate(1);
    PoolWriter(line).allocate(1);
}
void allocate_once() { PoolWriter(line).allocate(1); }
// As producer/monitor/monitor_query.cpp tries once.
void read_line() {
    const std::uint64_t begun = monitor::load(line.sequence);
    const std::uint64_t current = monitor::load(line.current);
    const std::uint64_t live = monitor::load(line.live);
    const std::uint64_t allocations = monitor::load(line.allocations);
    if ((begun & 1) != 0 || monitor::load(line.sequence) != begun) return;
    require(current == live && live == allocations, "the figures are of one moment");
}
void all_counted() { require(line.allocations.load() == line.live.load(), "nothing lost"); }
void nothing() {}

}  // namespace

void add_monitor_models(std::vector<Model>& all) {
    const Thread counting{count_under_lock, false, -1, nullptr, 16};
    const Thread allocating{allocate_once, false, -1, nullptr, 20};
    all.push_back({"monitor's lock", "two threads", begin, {counting, counting}, both_counted});
    all.push_back(
        {"pool line", "a writer and a reader", begin, {{allocate_twice}, {read_line}}, nothing});
    all.push_back(
        {"pool line of two", "two writers", begin, {allocating, allocating}, all_counted});
}

}  // namespace tidemark::model
