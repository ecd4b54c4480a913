// SPDX-License-Identifier: Apache-2.0
//
// When regions are read and written: twice a second while there are any, rarely while there are none.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"
#include "collector/regions/region_export.hpp"
#include "collector/regions/region_source.hpp"

namespace tidemark::collector::regions {

// The event loop's thread only.
class RegionTimer {
public:
    RegionTimer(EventLoop& loop, DrainDoor& door, const std::string& directory)
        : loop_(loop), door_(door), source_(directory), directory_(directory) {}
    ~RegionTimer() { loop_.cancel(timer_); }
    RegionTimer(const RegionTimer&) = delete;
    RegionTimer& operator=(const RegionTimer&) = delete;

    // Writes regions too, of that instance.
    void export_to(const std::string& instance) {
        export_ = std::make_unique<RegionExport>(directory_, instance);
    }
    void start() { step(); }

private:
    static constexpr std::chrono::milliseconds kWhileSome{500};
    static constexpr std::chrono::milliseconds kWhileNone{3000};

    void step() {
        std::vector<tidemark_region_row> rows = source_.read();
        const bool any = !rows.empty() || export_ != nullptr;
        // Also unchanged ones: which of their processes tell of themselves may have changed.
        if (!rows.empty() || had_some_) door_.regions(std::exchange(rows, {}));
        had_some_ = any;
        if (export_) export_->write();
        timer_ = loop_.after(any ? kWhileSome : kWhileNone, [this] { step(); });
    }

    EventLoop& loop_;
    DrainDoor& door_;
    RegionSource source_;
    std::string directory_;
    std::unique_ptr<RegionExport> export_;
    EventLoop::Timer timer_ = 0;
    bool had_some_ = false;
};

}  // namespace tidemark::collector::regions
