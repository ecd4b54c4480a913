// SPDX-License-Identifier: Apache-2.0
//
// Where the verbs that show a machine get it from: the collector's figures, if one is or was there, and the sensors in
// any case. A collector that is started later is found at the next look.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewers/cli/options.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/model/stats_source.hpp"
#include "viewers/sensors/sensors.hpp"

namespace tidemark::cli {

// Flags of the verbs that read sensors.
struct SensorOptions {
    std::optional<std::string> sysfs_root;  // stands in for / (tests)
    std::vector<std::string> assigned;      // "0=nvidia:0", "1=none"

    void add_to(OptionSet& set);
    bool given() const { return sysfs_root.has_value() || !assigned.empty(); }
};

// What --sensor and --sysfs-root say. Throws Failure for flags that make no sense.
model::Assignment parse_assignment(const std::vector<std::string>& words);
std::string checked_root(const std::optional<std::string>& root);

class Machine {
public:
    // `options` must outlive it. Throws Failure for flags that make no sense, and as read() does.
    Machine(const Options& options, const SensorOptions& sensors);

    // Unfiltered, without this program itself. With `compare_kernel` also who holds the cards open. Throws Failure for
    // figures that are there and can't be trusted or understood.
    model::Snapshot read(bool compare_kernel = false);

    // Whether figures of a collector were found, so far.
    bool has_figures() const { return source_.has_value(); }

private:
    model::Snapshot read_figures();

    const Options& options_;
    sensors::Sensors sensors_;
    model::Assignment assignment_;
    std::optional<model::StatsSource> source_;
};

}  // namespace tidemark::cli
