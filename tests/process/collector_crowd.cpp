// SPDX-License-Identifier: Apache-2.0
//
// Many programs: a thousand at once add up, and ten thousand short-lived ones leave nothing behind.
#include <doctest/doctest.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

bool shared_memory_has(std::uint64_t bytes) {
    struct statvfs status {};
    return statvfs("/dev/shm", &status) == 0 && status.f_bavail * status.f_frsize >= bytes;
}

// kB, from /proc/PID/status.
std::uint64_t memory_of(pid_t pid, const std::string& field) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
        std::uint64_t kilobytes = 0;
        if (word == field + ":" && status >> kilobytes) return kilobytes;
    }
    return 0;
}

std::size_t descriptors_of(pid_t pid) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        count += !entry.path().empty();
    return count;
}

LedgerUsage times(LedgerUsage one, std::uint64_t count) {
    for (std::uint64_t* figure : {&one.current, &one.total_allocated, &one.total_freed, &one.live,
                                  &one.allocations, &one.frees})
        *figure *= count;
    return one;
}

std::string sum_differences(const std::optional<tidemark_usage_row>& row, LedgerUsage ledger) {
    if (row) ledger.peak = row->peak;  // how far they overlapped is not known
    auto exact = row;
    if (exact) exact->peak_exact = 1;
    return usage_differences(exact, ledger);
}

void storm(const OwnInstance& instance, std::uint64_t children) {
    Script script("storm", {std::to_string(children)}, instance.tracked());
    CHECK(script.wait() == 0);
}

// Waits until all of them were seen, drained and forgotten.
bool is_over(const OwnInstance& instance, std::uint64_t images) {
    return comes_true([&] {
        const auto reader = read_stats(instance.name());
        const auto row = reader.read<tidemark_collector_row>(0);
        return row && row->processes_seen == images && row->processes_running == 0 &&
               reader.all<tidemark_process_row>().empty() && instance.rings().empty();
    });
}

}  // namespace

TEST_CASE(
    "a thousand programs attached at once, a thousand events each, are the sum of their ledgers") {
    if (!shared_memory_has(512 << 20)) {
        MESSAGE("less than 512 MiB free in /dev/shm; not tried");
        return;
    }
    constexpr std::uint64_t kPrograms = 1000, kEvents = 1000;
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script crowd("crowd", {std::to_string(kEvents), std::to_string(kPrograms)}, instance.tracked());
    REQUIRE(crowd.arrived(kPrograms));
    CHECK(comes_true([&] {
        const auto row = collector_of(instance.name());
        return row.processes_running == kPrograms && row.events == kPrograms * kEvents;
    }));
    const LedgerUsage one = script_usage(kEvents);
    CHECK(sum_differences(usage_of(instance.name()), times(one, kPrograms)) == "");
    const auto reader = read_stats(instance.name());
    std::uint64_t wrong = 0;
    for (const auto& row : reader.all<tidemark_process_usage_row>())
        wrong += !usage_differences(std::optional(row), one).empty();
    CHECK(reader.all<tidemark_process_usage_row>().size() == kPrograms);
    CHECK(wrong == 0);
    crowd.go(1);
    CHECK(crowd.wait() == 0);
    CHECK(comes_true([&] { return collector_of(instance.name()).processes_running == 0; }));
    CHECK(usage_of(instance.name())->freed_by_exit == one.current * kPrograms);
    CHECK(usage_of(instance.name())->current == 0);
}

TEST_CASE("ten thousand short-lived programs leave nothing behind") {
    constexpr std::uint64_t kFirst = 500, kRest = 9500;
    const OwnInstance instance;
    const Collector collector(instance.name(), {"--exited-grace", "0"});
    storm(instance, kFirst);
    REQUIRE(is_over(instance, kFirst));
    const std::uint64_t memory = memory_of(collector.pid(), "RssAnon");
    const std::uint64_t resident = memory_of(collector.pid(), "VmRSS");
    const std::size_t descriptors = descriptors_of(collector.pid());
    storm(instance, kRest);
    REQUIRE(is_over(instance, kFirst + kRest));
    LedgerUsage ledger = times(script_usage(4), kFirst + kRest);
    const auto row = usage_of(instance.name());
    REQUIRE(row);
    CHECK(row->freed_by_exit == ledger.current);
    ledger.current = ledger.live = 0;
    CHECK(sum_differences(row, ledger) == "");
    CHECK(collector_of(instance.name()).events == 4 * (kFirst + kRest));
    std::vector<std::string> left = instance.objects();
    std::sort(left.begin(), left.end());
    const std::string prefix = "tidemark." + instance.name() + ".";
    CHECK(left == std::vector<std::string>{prefix + "ledger", prefix + "lock", prefix + "stats"});
    CHECK(comes_true([&] { return descriptors_of(collector.pid()) <= descriptors; }));
    // A sanitizer keeps what was freed.
    if (std::string(std::getenv("TIDEMARK_BUILD_PRESET") ? std::getenv("TIDEMARK_BUILD_PRESET")
                                                         : "") != "")
        return;
    const std::uint64_t slack = 4096;  // kB
    CHECK(memory_of(collector.pid(), "RssAnon") <= memory + slack);
    CHECK(memory_of(collector.pid(), "VmRSS") <= resident + 2 * slack);
}
