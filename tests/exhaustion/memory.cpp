// SPDX-License-Identifier: Apache-2.0
//
// A memory limit of a control group, on a program and on a collector. What Tidemark takes of a program's is bounded by
// the ring's budget; a collector that the kernel ends for want of memory loses nothing, and one with more goes on.
#include <sys/stat.h>

#include <fstream>

#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/viewer.hpp"
#include "tests/privilege.hpp"

using namespace tidemark::test;

namespace {

bool put(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return static_cast<bool>(file);
}

std::uint64_t number_in(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    file >> number;
    return number;
}

// A control group of its own, of version 1 or 2, gone with the object, which must outlive what is in it.
class MemoryGroup {
public:
    MemoryGroup() {
        const bool is_first = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
        const std::string root = is_first ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        if (!is_first) put(root + "/cgroup.subtree_control", "+memory");
        folder_ = root + "/tidemark-test-" + std::to_string(getpid());
        limit_ = folder_ + (is_first ? "/memory.limit_in_bytes" : "/memory.max");
        used_ = folder_ + (is_first ? "/memory.usage_in_bytes" : "/memory.current");
        const bool made = mkdir(folder_.c_str(), 0755) == 0 && access(limit_.c_str(), W_OK) == 0;
        if (!made) rmdir(folder_.c_str());
        require_or_skip(
            made, "a control group for memory of its own (root, and cgroups that can be written)");
    }
    ~MemoryGroup() {
        comes_true([this] { return rmdir(folder_.c_str()) == 0; });
    }
    MemoryGroup(const MemoryGroup&) = delete;
    MemoryGroup& operator=(const MemoryGroup&) = delete;

    void take(pid_t pid) const { REQUIRE(put(folder_ + "/cgroup.procs", std::to_string(pid))); }
    void limit(std::uint64_t bytes) const { REQUIRE(put(limit_, std::to_string(bytes))); }
    std::uint64_t used() const { return number_in(used_); }

private:
    std::string folder_, limit_, used_;
};

}  // namespace

TEST_CASE(
    "a program in a memory group pays for its ring and no more, however long nobody drains it") {
    const MemoryGroup group;
    const OwnInstance instance;
    Collector collector(instance.name());
    REQUIRE(collector.is_ready());
    HostProgram host(instance.tracked({{"TIDEMARK_POLICY", "drop"}}));
    CHECK(host.tell("lost") != "gone");  // it runs
    group.take(host.pid());
    group.limit(24 << 20);  // its own pages, the ring's 8 MiB, and what the kernel adds
    collector.signal(SIGSTOP);
    CHECK(host.does(50'000, 8));
    CHECK(host.does_in_pairs(100'000));
    CHECK(group.used() < (20 << 20));
    collector.signal(SIGCONT);
    CHECK(recovers(instance.name(), host));
    const auto row = process_of(instance.name(), host.pid());
    REQUIRE(row);
    CHECK(row->exact == 0);  // the lanes were full for long
    CHECK(lost_of(*row).allocations == row->lost_allocations[TIDEMARK_LOSS_FULL]);
    CHECK(host.ends());
}

TEST_CASE("a collector that is killed at its memory limit loses nothing, and harms no program") {
    const MemoryGroup group;
    const OwnInstance instance;
    HostProgram host(instance.tracked());
    std::uint64_t deaths = 0;
    {
        Collector collector(instance.name());
        REQUIRE(collector.is_ready());
        group.take(collector.pid());
        group.limit(16 << 20);
        // A live table for this many takes twice the limit.
        for (int i = 0; i < 100 && !collector.has_ended(); ++i) {
            REQUIRE(host.does(10'000));
            const auto state = host.tell("flush");
            CHECK((state == "0" || collector.has_ended() || i > 0));
        }
        deaths = collector.has_ended() ? 1 : 0;
    }
    CHECK(deaths == 1);
    const Collector successor(instance.name());
    REQUIRE(successor.is_ready());
    CHECK(recovers(instance.name(), host));
    const auto row = process_of(instance.name(), host.pid());
    REQUIRE(row);
    // Between the two there was nobody to drain; what did not fit is counted as that.
    CHECK(lost_of(*row).allocations == row->lost_allocations[TIDEMARK_LOSS_NO_COLLECTOR] +
                                           row->lost_allocations[TIDEMARK_LOSS_FULL]);
    CHECK(row->unknown_frees == 0);
    CHECK(host.ends());
}
