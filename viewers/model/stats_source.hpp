// SPDX-License-Identifier: Apache-2.0
//
// Where snapshots come from: the stats segment of one instance, opened by name, opened anew when a restarted collector
// replaced it. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidemark/stats_reader.hpp"
#include "viewers/model/changed_rows.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// A collector whose last sign of life is older than this is called stalled; it shows one every 500 ms.
inline constexpr std::uint64_t kStalledAfterMs = 2000;

struct SourceOptions {
    std::optional<std::string>
        instance;  // nothing: TIDEMARK_INSTANCE, then the user's own, then `system`
    std::optional<uid_t> trusted_uid;  // accepted as owner besides root and oneself
};

class StatsSource {
public:
    struct Error {
        bool missing = false;  // there is no such segment, so no collector ever ran under this name
        std::string text;
    };

    // Nothing on failure, with `error` filled in.
    static std::optional<StatsSource> open(const SourceOptions& options, Error& error);

    // What the segment holds now. Tries a few times to get all rows of one moment; `consistent` says whether it did.
    Snapshot read();

    // A newer segment may wait behind this one.
    bool may_be_replaced() const;

    // Opens the segment of a restarted collector in place of this one, if it is there. read() does so by itself.
    void follow();

    // For who looks often: reads anew into `last` only if something was published since, and then is true. Else brings
    // time and the collector's signs of life up to date, for a few loads of memory.
    bool refresh(Snapshot& last);

    // For who looks often at much: brings `last`, a result of read() or of this, up to date. `filter`, the same at every
    // call, was applied to it meanwhile; its processes stay filtered, devices and regions are all there again
    // (apply_to_devices). Reads no more than what was published since; where nothing was, just the collector's signs of
    // life.
    enum class News { kNone, kFigures, kAll };
    struct Refreshed {
        News news = News::kNone;             // kAll: `last` is as from read()
        std::vector<std::size_t> processes;  // kFigures: the places in last.processes that changed
    };
    Refreshed refresh_in_place(Snapshot& last, const Filter& filter);

    const StatsReader& reader() const { return reader_; }

private:
    StatsSource(SourceOptions options, StatsReader reader)
        : options_(std::move(options)), reader_(std::move(reader)) {}

    bool read_changes(Snapshot& last, std::vector<std::size_t>& processes);

    SourceOptions options_;
    StatsReader reader_;
    std::optional<std::uint64_t> read_moment_;  // of what was last read as one moment
    std::uint64_t begun_moment_ = 0;            // from before the last read()
    ChangedRows rows_;
    bool rows_known_ = false;
};

// What the header says of the collector now; of one whose heartbeat is too old also whether its process is gone. A few
// loads, and some calls of the system for a silent one.
CollectorState collector_state(const StatsReader& reader);

// One pass over all tables, unsorted; `consistent` as found.
Snapshot read_snapshot(const StatsReader& reader);

// The collector alone, with its state now.
Collector read_collector(const StatsReader& reader);

// CLOCK_REALTIME and CLOCK_MONOTONIC now, in ns.
std::uint64_t unix_now_ns();
std::uint64_t monotonic_now_ns();

}  // namespace tidemark::model
