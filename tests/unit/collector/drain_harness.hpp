// SPDX-License-Identifier: Apache-2.0
//
// A core of its own instance on a thread of its own, and the figures that it publishes.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "collector/core.hpp"
#include "tests/unit/collector/hand_ring.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::test {

class CountingSink final : public collector::SinkPort {
public:
    bool wants_events() const noexcept override { return static_cast<bool>(on_allocation); }
    void push(const collector::SinkRecord& record) noexcept override {
        if (on_allocation && record.kind == collector::SinkRecord::Kind::kAllocation)
            on_allocation();
        if (record.kind != collector::SinkRecord::Kind::kLeak) return;
        ++leaks;
        if (on_leak) on_leak();
    }
    std::uint64_t dropped() const noexcept override { return 0; }
    std::atomic<int> leaks{0};
    // On the drain thread. on_allocation is set there, too.
    std::function<void()> on_leak;
    std::function<void()> on_allocation;
};

inline std::string unique_instance() {
    static std::atomic<int> next{0};
    return "drain-" + std::to_string(getpid()) + "-" + std::to_string(next++);
}

class RunningCore {
public:
    explicit RunningCore(const std::string& instance, bool keeps = false,
                         std::optional<std::uint64_t> grace_ns = std::nullopt) {
        if (grace_ns) configuration.limits.exited_grace_ns = *grace_ns;
        configuration.instance = instance;
        configuration.private_instance = !keeps;
        configuration.limits.live_table_bytes = 64 << 20;
        core.emplace(configuration, sink);
        std::string error;
        const bool opened = core->open(error);
        INFO(error);
        REQUIRE(opened);
        thread = std::thread([this] { core->run(); });
    }
    ~RunningCore() {
        core->request_stop();
        thread.join();
    }
    // On the drain thread, to its end.
    template <class Task>
    void ask(Task task) {
        std::promise<void> done;
        core->post([&](collector::Core& c) {
            task(c);
            done.set_value();
        });
        done.get_future().wait();
    }
    void flush() {
        ask([](collector::Core& c) { c.flush(); });
    }

    std::optional<tidemark_usage_row> usage(std::uint32_t pool, std::uint32_t device = 0) {
        return find<tidemark_usage_row>(
            [&](const auto& r) { return r.device == device && r.pool == pool; });
    }
    std::optional<tidemark_process_row> process(std::uint64_t image) {
        return find<tidemark_process_row>([&](const auto& r) { return r.image == image; });
    }
    std::optional<tidemark_process_usage_row> process_usage(std::uint64_t image,
                                                            std::uint32_t pool) {
        return find<tidemark_process_usage_row>(
            [&](const auto& r) { return r.image == image && r.pool == pool; });
    }

    tidemark_collector_row collector() {
        return *find<tidemark_collector_row>([](const auto&) { return true; });
    }

    CountingSink sink;
    collector::Configuration configuration;
    std::optional<collector::Core> core;
    std::thread thread;

private:
    template <class Row, class Which>
    std::optional<Row> find(Which which) {
        std::string error;
        auto reader = StatsReader::open(configuration.instance, &error);
        INFO(error);
        REQUIRE(reader);
        for (const Row& row : reader->all<Row>(nullptr)) {
            if (which(row)) return row;
        }
        return std::nullopt;
    }
};

// The name of an instance whose collector keeps what it has; at its end nothing is left of it.
struct KeptInstance {
    ~KeptInstance() { const RunningCore last(name); }
    const std::string name = unique_instance();
};

}  // namespace tidemark::test
