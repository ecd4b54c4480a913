// SPDX-License-Identifier: Apache-2.0
//
// What the collector published last, read once for everybody who asks, and of that no more than what changed. Nothing is
// read while nobody asks; whether the publication moved costs a few loads, and a load a row when the collector wrote
// anything. One thread; the moments that it gives away never change and may go to another.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "viewers/model/snapshot.hpp"
#include "viewers/model/stats_source.hpp"
#include "viewers/web/live_document.hpp"

namespace tidemark::web {

using Clock = std::chrono::steady_clock;

// One reading. `id` names what was published: generation, what changed last, the collector's state, and whose reading it
// is: another server's may have begun at the same moment and found more.
struct Moment {
    std::string id;
    std::shared_ptr<const model::Snapshot> snapshot;
    Clock::time_point read_at;
};

class Publication {
public:
    explicit Publication(model::SourceOptions options);

    // At most kSharedFor old. Without a collector: a snapshot without devices and processes whose collector's state
    // is kNone.
    const Moment& now();

    // The same reading for who needs its texts alone: its id.
    const std::string& refresh();

    // What a reading would have as its `id` now: another one when something was published since, or the collector's
    // state changed. Reads nothing.
    std::string id();

    // The last reading as the JSON of `tidemark query --json` in one line; made once a reading.
    std::shared_ptr<const std::string> json();

    // Appends the same, and what differs from the reading of that id (see LiveDocument); false if that is not known.
    void write_whole(std::string& out);
    bool write_since(const std::string& id, std::string& out) const {
        return document_.write_since(id, live_, out);
    }

    // Null without a collector. For what only the segment itself holds; until the next reading.
    const model::StatsSource* source() const { return source_ ? &*source_ : nullptr; }

    // What readings and texts were made so far; for tests and the log.
    std::uint64_t readings() const { return readings_; }
    std::uint64_t texts() const { return texts_; }

    // Why no segment could be opened; empty if one was or none is there.
    const std::string& problem() const { return problem_; }

private:
    void look_for_collector();
    std::string current_id();
    void read();

    model::SourceOptions options_;
    std::optional<model::StatsSource> source_;
    std::optional<Clock::time_point> looked_at_;
    std::string problem_;
    const std::string server_;  // which reads
    model::Snapshot live_;      // brought up to date in place
    LiveDocument document_;     // of it
    Moment last_;               // its snapshot is a copy, made when somebody wants one
    std::uint64_t pass_ = 0, change_ = 0, generation_ = 0;  // as current_id() found them last
    std::shared_ptr<const std::string> json_;
    std::uint64_t readings_ = 0, texts_ = 0;
};

}  // namespace tidemark::web
