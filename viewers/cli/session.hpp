// SPDX-License-Identifier: Apache-2.0
//
// What every verb that reads figures does first and last: find the collector's segment, and say with the exit status
// whether somebody keeps it up to date.
#pragma once

#include <optional>
#include <string>

#include "viewers/cli/options.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {

// Nothing if no collector ever published under the name; throws Failure for what can't be trusted or understood.
std::optional<model::StatsSource> find_source(const Options& options);

// Throws Failure(3) with what to do.
model::StatsSource open_source(const Options& options);

// What is known of figures where there are none.
model::Snapshot without_figures(const Options& options);

// That none runs, and the one command that starts one.
std::string no_collector_text(const Options& options);

// The instance that a verb means when it is not named: TIDEMARK_INSTANCE or the user's own.
std::string instance_wanted(const Options& options);

// The one command that starts a collector for this instance.
std::string start_command(const Options& options);

// 0 while the collector lives or stalls (its state tells which), 3 once it has stopped or died (its last figures were
// shown), and where none ever was.
int status_for(model::CollectorState state);
inline int status_for(const model::Snapshot& snapshot) {
    return status_for(snapshot.collector.state);
}

// Says on standard error that figures are old, where what is printed has no place for it; once each time it comes to
// that.
class SilenceNotice {
public:
    void look(const model::Collector& collector,
              const char* consequence = "these are its last figures");

private:
    model::CollectorState told_ = model::CollectorState::kRunning;
};

}  // namespace tidemark::cli
