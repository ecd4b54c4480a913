// SPDX-License-Identifier: Apache-2.0
//
// What becomes of sink records: followers, event log, leak log. The drain thread pushes into a bounded queue and never
// waits; one sink thread formats and writes. A slow disk or follower costs records, which are counted, never drain
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/sink_record.hpp"
#include "collector/subscription.hpp"

namespace tidemark::collector {

class Sinks final : public SinkPort {
public:
    // Told on the sink thread: what these ended images left was handed to the kernel by the leak log, if there is
    // one, so that it need not be reported again after a restart.
    using LeaksRecorded = std::function<void(std::vector<std::uint64_t> images)>;

    // Records that wait for the sink thread at most; what comes beyond is dropped.
    static constexpr std::size_t kCapacity = 65536;

    Sinks();
    ~Sinks() override;

    // Main thread, in this order; an empty path: no such log. stop returns once all that was pushed before it is
    // written, or lost for good; the destructor does the same.
    [[nodiscard]] bool open(const std::string& event_log, const std::string& leak_log,
                            std::string& error);
    // `instance`: whose accounts hold the call sites of leaks.
    void start(LeaksRecorded leaks_recorded, const std::string& instance = {});
    void stop();

    bool wants_events() const noexcept override;
    bool wants_leaks() const noexcept override;
    void push(const SinkRecord& record) noexcept override;
    std::uint64_t dropped() const noexcept override;

    // Any thread.
    void subscribe(std::shared_ptr<Subscription> subscription);
    void unsubscribe(const std::shared_ptr<Subscription>& subscription);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace tidemark::collector
