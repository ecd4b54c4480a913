// SPDX-License-Identifier: Apache-2.0
//
// A collector's drain side in this process, without its thread, beside one honest ring whose figures must come out
// right whatever else is attached. One instance a process; nothing of it is left at the end.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "collector/core.hpp"
#include "collector/log.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/unit/collector/hand_ring.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::fuzz {

class NoSink final : public collector::SinkPort {
public:
    bool wants_events() const noexcept override { return true; }
    bool wants_leaks() const noexcept override { return true; }
    void push(const collector::SinkRecord& record) noexcept override { told_ += record.size; }
    std::uint64_t dropped() const noexcept override { return 0; }

private:
    std::uint64_t told_ = 0;
};

inline constexpr std::uint32_t kHonestDevice = 65534;

class DrainWorld {
public:
    DrainWorld() : honest_(name(), 1, 64) {
        collector::log_configure(collector::LogTarget::kStandardError, collector::LogLevel::kError);
        configuration_.instance = name();
        configuration_.private_instance = true;
        configuration_.limits.live_table_bytes = 1 << 20;
        configuration_.limits.exited_grace_ns = 0;
        open();
        core_->flush();
    }
    ~DrainWorld() {
        honest_.let_go();
        if (core_) {
            core_->flush();
            core_->request_stop();
            core_->run();  // its last turn alone
            core_.reset();
        }
        remove_what_is_left();
    }
    DrainWorld(const DrainWorld&) = delete;
    DrainWorld& operator=(const DrainWorld&) = delete;

    static std::string name() { return "fuzz-" + std::to_string(getpid()); }
    collector::Core& core() { return *core_; }

    // As after SIGKILL: nothing is said or tidied up. What others do meanwhile to what it left, they do between these.
    void kill() { core_.reset(); }
    void open() {
        core_.emplace(configuration_, sink_);
        std::string error;
        require(core_->open(error), "the collector does not start: " + error);
    }
    // False: what is left there is refused, and told why.
    bool opens() {
        core_.emplace(configuration_, sink_);
        std::string error;
        if (core_->open(error)) return true;
        require(!error.empty(), "refused without a word");
        core_.reset();
        return false;
    }

    // The honest ring goes on by one buffer, and all that it ever did is what is published.
    void honest_goes_on() {
        honest_.allocate(0, ++honest_id_, 100, 0, kHonestDevice);
        if (honest_id_ % 2 == 0) {
            honest_.free(0, honest_id_, 0, kHonestDevice);
            ++honest_frees_;
        }
        core_->flush();
        const auto row = usage_of(honest_.image);
        require(row.has_value(), "the honest program's figures are not published");
        require(row->allocations == honest_id_ && row->frees == honest_frees_ &&
                    row->total_allocated == 100 * honest_id_ &&
                    row->current == 100 * (honest_id_ - honest_frees_) && row->exact == 1,
                "the honest program's figures are wrong");
    }

    // What must hold of every row, whoever it tells of.
    void check_figures() {
        const StatsReader stats = reader();
        for (const auto& row : stats.all<tidemark_process_usage_row>()) {
            require(row.current == row.total_allocated - row.total_freed - row.superseded,
                    "current is not what was allocated, less what ended");
            require(row.live <= row.allocations && row.frees <= row.allocations,
                    "more buffers live or freed than allocated");
        }
        const auto collector = stats.read<tidemark_collector_row>(0);
        require(collector.has_value(), "the collector's row is missing");
        require(collector->audit_differences == 0, "a live table disagrees with its counters");
    }
    std::optional<tidemark_process_row> process_of(std::uint64_t image) {
        for (const auto& row : reader().all<tidemark_process_row>())
            if (row.image == image) return row;
        return {};
    }

private:
    // Of a collector that did not start, or that forgot what it could not understand.
    static void remove_what_is_left() {
        const std::string ours = "tidemark." + name() + ".";
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
            if (entry.path().filename().string().rfind(ours, 0) == 0) unlink(entry.path().c_str());
    }
    StatsReader reader() {
        std::string error;
        auto stats = StatsReader::open(name(), &error);
        require(stats.has_value(), error);
        return std::move(*stats);
    }
    std::optional<tidemark_process_usage_row> usage_of(std::uint64_t image) {
        for (const auto& row : reader().all<tidemark_process_usage_row>())
            if (row.image == image && row.device == kHonestDevice) return row;
        return {};
    }

    NoSink sink_;
    collector::Configuration configuration_;
    test::HandRing honest_;
    std::optional<collector::Core> core_;
    std::uint64_t honest_id_ = 0, honest_frees_ = 0;
};

}  // namespace tidemark::fuzz
