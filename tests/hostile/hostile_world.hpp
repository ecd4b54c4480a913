// SPDX-License-Identifier: Apache-2.0
//
// A real tidemarkd with its log, an honest generator beside it, and rings that attack it. At the end of every attack
// the collector still runs, it is the same process, and the honest figures are exactly the generator's own.
#pragma once

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/private_shared_memory.hpp"
#include "tests/process/ledger_world.hpp"
#include "tests/unit/collector/hand_ring.hpp"

namespace tidemark::test {

inline constexpr std::uint32_t kHostileDevice = 60'000;

// Minutes of the long version; 0: the short one.
inline double torture_minutes() {
    const char* text = std::getenv("TIDEMARK_TORTURE");
    return text != nullptr ? std::strtod(text, nullptr) : 0;
}
inline std::uint64_t torture_seed() {
    const char* text = std::getenv("TIDEMARK_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'101;
}
inline bool is_sanitized() {
    const char* preset = std::getenv("TIDEMARK_BUILD_PRESET");
    return preset != nullptr && *preset != '\0';
}

class LoggedCollector {
public:
    explicit LoggedCollector(const std::string& instance)
        : instance_(instance), log_(memfd_create("log", 0)) {
        start_again();
    }
    ~LoggedCollector() {
        kill();
        close(log_);
    }
    LoggedCollector(const LoggedCollector&) = delete;
    LoggedCollector& operator=(const LoggedCollector&) = delete;

    void start_again() {
        const std::string to_log = "exec \"$@\" 2>>/proc/self/fd/" + std::to_string(log_);
        pid_ = start({"/bin/sh", "-c", to_log, "sh", built("tidemarkd"), "--instance", instance_});
        REQUIRE(comes_true([&] {
            const auto stats = StatsReader::open(instance_);
            return stats && stats->header().collector_pid == pid_;
        }));
    }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait_until_ended(pid_);
        pid_ = -1;
    }
    void signal(int number) const { signal_and_see(pid_, number); }
    bool lives() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }
    std::string log() const {
        std::ifstream file("/proc/self/fd/" + std::to_string(log_));
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    bool has_said(const std::string& words) const { return log().find(words) != std::string::npos; }
    // KiB of memory in use at most so far, and ticks of processor time so far.
    std::uint64_t memory_kb() const { return number_in("/status", "VmHWM:"); }
    std::uint64_t processor_ticks() const {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
        std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        std::istringstream words(text.substr(text.rfind(')') + 2));
        std::string word;
        std::uint64_t user = 0, system = 0;
        for (int i = 0; i < 11; ++i)
            words >> word;
        words >> user >> system;
        return user + system;
    }

private:
    std::uint64_t number_in(const char* file_name, const std::string& key) const {
        std::ifstream file("/proc/" + std::to_string(pid_) + file_name);
        std::string word;
        std::uint64_t number = 0;
        while (file >> word)
            if (word == key && file >> number) return number;
        return 0;
    }

    std::string instance_;
    int log_;
    pid_t pid_ = -1;
};

class HostileWorld {
public:
    // Every collector counts broken rings, whosever they are: in a /dev/shm of its own, where one may be had.
    HostileWorld()
        : has_own_shm(has_private_shared_memory()),
          collector(instance.name()),
          honest(instance, 2, 1000, 0, 0) {
        // Named, so that the exit of a test that failed leaves nothing behind.
        honest.run();
        REQUIRE(comes_true([&] { return seen(honest.page->progress) > 1000; }));
    }

    StatsReader stats() const {
        auto reader = StatsReader::open(instance.name());
        REQUIRE(reader);
        return std::move(*reader);
    }
    tidemark_collector_row row() const {
        return stats().read<tidemark_collector_row>(0).value_or(tidemark_collector_row{});
    }
    std::optional<tidemark_process_row> process(std::uint64_t image) const {
        return row_where<tidemark_process_row>(stats(),
                                               [&](const auto& r) { return r.image == image; });
    }
    bool is_drained(std::uint64_t image, std::uint64_t events) const {
        return comes_true([&] {
            const auto found = process(image);
            return found && found->events >= events;
        });
    }
    bool is_quarantined(std::uint64_t image, std::uint32_t reason) const {
        return comes_true([&] {
            const auto found = process(image);
            return found && found->quarantine == reason;
        });
    }
    // The honest program goes on for a while, and rests: all that is said of it is exactly right.
    std::string honest_differences() {
        if (!collector.lives()) return "the collector is dead: " + collector.log();
        const std::uint64_t before = seen(honest.page->progress);
        honest.run();
        if (!comes_true([&] { return seen(honest.page->progress) > before + 5000; }))
            return "the honest program is held up";
        if (!honest.pause()) return "the honest program does not rest";
        std::string text;
        comes_true([&] {
            const StatsReader now = stats();
            text = process_differences(now, *honest.page, TIDEMARK_PROCESS_RUNNING) +
                   device_differences(now, *honest.page) +
                   buffer_differences(instance.name(), *honest.page);
            return text.empty();
        });
        if (row().audit_differences != 0) text += "a live table disagrees with its counters\n";
        honest.run();
        return text;
    }

    const bool has_own_shm;
    OwnInstance instance;
    LoggedCollector collector;
    Generator honest;
};

// A hostile ring that the collector's directory watch hears of, as if its program had just made it.
class HostileRing : public HandRing {
public:
    explicit HostileRing(const std::string& instance, std::uint32_t lanes = 1,
                         std::uint32_t capacity = 512, std::uint64_t number = 0)
        : HandRing(instance, lanes, capacity, number) {}
    void appear() const {
        const std::string other = "/dev/shm/moved." + name;
        if (rename(path().c_str(), other.c_str()) != 0 ||
            rename(other.c_str(), path().c_str()) != 0)
            std::perror("rename");
    }
    std::string path() const { return "/dev/shm/" + name; }
    void work(int events) {
        for (int i = 0; i < events; ++i)
            allocate(0, next_id_++, 64, 0, kHostileDevice);
    }
    void cut(std::uint64_t bytes) const {
        if (truncate(path().c_str(), static_cast<off_t>(bytes)) != 0) std::perror("truncate");
    }

private:
    std::uint64_t next_id_ = 1;
};

}  // namespace tidemark::test
