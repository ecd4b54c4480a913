// SPDX-License-Identifier: Apache-2.0
//
// Turns the drain side's state into rows of the stats segment: which row belongs to what, and only what changed. How a
// row is stored is the stats segment's business.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "collector/configuration.hpp"
#include "collector/drain/clock_calibration.hpp"
#include "collector/drain/image.hpp"
#include "collector/drain/ledger.hpp"
#include "collector/drain/stats_segment.hpp"
#include "collector/drain/totals.hpp"
#include "collector/shares.hpp"

namespace tidemark::collector {

// Counters that live no longer than the collector.
struct CollectorCounters {
    std::uint64_t running = 0, rings_attached = 0, rings_quarantined = 0, rings_refused = 0;
    std::uint64_t untracked_images = 0;
    std::uint64_t publish_latency_last_ns = 0, publish_latency_highest_ns = 0;
};

// Row numbers of one table: lowest free first, so that tables stay short.
class RowNumbers {
public:
    std::uint32_t take();
    void give_back(std::uint32_t row);
    std::uint32_t used() const noexcept { return next_; }

private:
    std::set<std::uint32_t> free_;
    std::uint32_t next_ = 0;
};

// Drain thread only.
class Publisher {
public:
    Publisher(StatsSegment& stats, Ledger& ledger, Totals& totals, const ClockCalibration& clock,
              const Configuration& configuration, SinkPort& sinks);

    // All that changed: the rows of `moved`, of dirty totals, of their memories, and the collector's own.
    void publish(const std::vector<Image*>& moved, const CollectorCounters& counters);
    // Into a fresh segment: all images that have an account.
    void publish_everything(std::map<std::uint64_t, std::unique_ptr<Image>>& images,
                            const CollectorCounters& counters);
    void publish_collector(const CollectorCounters& counters);
    // An image whose rows are to go.
    // What regions say, in place of what they said before.
    void publish_regions(std::vector<tidemark_region_row> rows);
    // How an exited image ended was learnt after its last publication.
    void publish_ending(Image& image);
    void remove(Image& image);
    // What a user's program says of devices; configuration and sensors win.
    void declare(const shm::Declarations& declarations, std::uint32_t uid);
    // Sum of losses by cause: follows what each account carries.
    void count_loss(const shm::LossCounter (&before)[TIDEMARK_LOSS_CAUSE_COUNT],
                    const shm::LossCounter (&now)[TIDEMARK_LOSS_CAUSE_COUNT]);
    std::uint64_t pass() const noexcept { return pass_; }
    // True if some row could not be published.
    bool has_missing() const noexcept { return !missing_.empty(); }

private:
    struct Device {
        DeviceConfiguration facts;
        bool fixed = false;  // configured or measured: declarations can only contradict
        std::uint32_t row = 0;
        std::uint64_t conflicts = 0;
        bool dirty = true;
        bool used_memory[TIDEMARK_MEMORY_COUNT] = {};
        std::uint32_t memory_rows[TIDEMARK_MEMORY_COUNT] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
        std::uint64_t published[TIDEMARK_MEMORY_COUNT] = {};
    };

    // Made on first use, for that user; null: it has its share of devices.
    Device* device(std::uint32_t number, std::uint32_t uid);
    Device& own_device(std::uint32_t number);
    bool has_history(std::uint32_t index, const Total& total);
    void publish_image(Image& image);
    static tidemark_process_row process_row_of(Image& image);
    void publish_usages(Image& image, bool all);  // all: also those that did not move
    void free_usage_row(std::uint32_t& index);
    std::uint32_t pool_number(const Account& account, const UsageState& usage);
    void publish_totals();
    void publish_history(std::uint32_t index, Total& total, std::uint64_t unix_ns);
    void sample(tidemark_stats_sample* ring, std::uint32_t count, std::uint64_t period,
                std::uint64_t unix_ns, std::uint64_t current, std::uint64_t highest);
    void publish_devices();
    bool publish_memory(Device& device, std::uint32_t memory, std::uint64_t allocated);
    // False: the row is missing, for want of space or of places in its table.
    template <class Row>
    bool publish_row(tidemark_stats_table_id table, std::uint32_t index, Row& row) {
        row.pass = pass_;
        if (stats_.publish(table, index, row)) {
            if (!missing_.empty()) missing_.erase({table, index});
            return true;
        }
        if (row.in_use == 0)
            missing_.erase({table, index});  // nothing of it was ever seen
        else
            missing_.insert({table, index});
        return false;
    }
    template <class Row>
    bool lacks_space(tidemark_stats_table_id table, std::uint32_t index, Row& row) {
        return !publish_row(table, index, row) && stats_.has_place(table, index);
    }

    StatsSegment& stats_;
    Ledger& ledger_;
    Totals& totals_;
    const ClockCalibration& clock_;
    const Configuration& configuration_;
    SinkPort& sinks_;
    std::map<std::uint32_t, Device> devices_;
    RowNumbers process_rows_, usage_rows_;
    std::uint32_t next_memory_row_ = 0;
    // By total: its row, kNoHistory, or kToBeTold.
    static constexpr std::uint32_t kNoHistory = UINT32_MAX, kToBeTold = UINT32_MAX - 1;
    std::vector<std::uint32_t> history_rows_;
    std::uint32_t histories_ = 0, histories_refused_ = 0, histories_dropped_ = 0;
    Shares device_shares_, history_shares_;
    std::set<std::uint32_t> devices_refused_;  // numbers
    shm::LossCounter loss_[TIDEMARK_LOSS_CAUSE_COUNT] =
        {};  // of running and kept images; the ledger has the rest
    std::vector<tidemark_region_row> regions_;
    std::uint64_t pass_ = 0;
    std::set<std::pair<tidemark_stats_table_id, std::uint32_t>> missing_;  // rows
};

}  // namespace tidemark::collector
