// SPDX-License-Identifier: Apache-2.0
#include "viewers/export/metrics.hpp"

#include "viewers/export/parts.hpp"

namespace tidemark::exporter {

std::string metrics_text(const model::Snapshot& snapshot, const Workloads& workloads,
                         const MetricsOptions& options) {
    std::string text;
    append_collector(text, snapshot);
    if (snapshot.collector.state == model::CollectorState::kRunning) {
        append_devices(text, snapshot);
        if (options.processes) {
            append_processes(text, snapshot, workloads, options.pid_label);
        }
        append_regions(text, snapshot);
    }
    append_sensors(text, snapshot);
    return text;
}

}  // namespace tidemark::exporter
