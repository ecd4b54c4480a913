// SPDX-License-Identifier: Apache-2.0
//
// Where snapshots come from: the stats segment of one instance, opened by name, opened anew when a restarted collector
// replaced it. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tidemark/stats_reader.hpp"
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

    const StatsReader& reader() const { return reader_; }

private:
    StatsSource(SourceOptions options, StatsReader reader)
        : options_(std::move(options)), reader_(std::move(reader)) {}

    void reopen_if_superseded();

    SourceOptions options_;
    StatsReader reader_;
};

// One pass over all tables, unsorted; `consistent` as found.
Snapshot read_snapshot(const StatsReader& reader);

// CLOCK_REALTIME and CLOCK_MONOTONIC now, in ns.
std::uint64_t unix_now_ns();
std::uint64_t monotonic_now_ns();

}  // namespace tidemark::model
