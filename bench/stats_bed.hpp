// SPDX-License-Identifier: Apache-2.0
//
// A stats segment of an instance of its own with a publisher behind it and images that have one usage each, for the
// benchmarks of publishing and reading. No ring, no drain: what is published is made up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collector/drain/publisher.hpp"

namespace tidemark::bench {

// One thread publishes. Everything is unlinked at the end.
class StatsBed {
public:
    explicit StatsBed(std::uint32_t images);  // throws std::runtime_error
    ~StatsBed();
    StatsBed(const StatsBed&) = delete;
    StatsBed& operator=(const StatsBed&) = delete;

    // Publishes as after a pass in which the first `moved` images had events.
    void publish(std::uint32_t moved);
    const std::string& instance() const { return configuration_.instance; }

private:
    class NoSinks final : public collector::SinkPort {
    public:
        bool wants_events() const noexcept override { return false; }
        void push(const collector::SinkRecord&) noexcept override {}
        std::uint64_t dropped() const noexcept override { return 0; }
    };

    void add_image(std::uint64_t number);

    collector::Configuration configuration_;
    NoSinks sinks_;
    collector::Ledger ledger_;
    collector::Totals totals_{ledger_};
    collector::ClockCalibration clock_;
    collector::StatsSegment stats_;
    std::unique_ptr<collector::Publisher> publisher_;
    std::vector<std::unique_ptr<collector::Image>> images_;
    std::vector<collector::Image*> moved_;
};

}  // namespace tidemark::bench
