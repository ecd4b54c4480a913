// SPDX-License-Identifier: Apache-2.0
//
// What is kept of ended programs until their grace is over: all that was asked of it, in little space.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;

TEST_CASE(
    "ended programs that are kept for their grace take little shared memory, and keep what they "
    "left") {
    constexpr std::uint64_t kPrograms = 200, kMost = 6 * 4096;
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script script("storm", {std::to_string(kPrograms)}, instance.tracked());
    CHECK(script.wait() == 0);
    REQUIRE(comes_true([&] {
        const auto row = collector_of(instance.name());
        return row.processes_seen == kPrograms && row.processes_running == 0;
    }));
    std::uint64_t taken = 0, accounts = 0;
    for (const std::string& object : instance.objects()) {
        struct stat status {};
        if (object.find(".account.") == std::string::npos) continue;
        if (stat(("/dev/shm/" + object).c_str(), &status) != 0) continue;
        taken += static_cast<std::uint64_t>(status.st_blocks) * 512;
        ++accounts;
    }
    CHECK(accounts == kPrograms);
    CHECK(taken <= kPrograms * kMost);
    std::uint64_t wrong = 0;
    for (const auto& row : read_stats(instance.name()).all<tidemark_process_row>())
        wrong += !leak_differences(instance.name(), row.image, 4).empty();
    CHECK(wrong == 0);
}
