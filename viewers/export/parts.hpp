// SPDX-License-Identifier: Apache-2.0
//
// What metrics.cpp puts together: each appends the metrics of one subject.
#pragma once

#include <string>

#include "viewers/export/exposition.hpp"
#include "viewers/export/metrics.hpp"

namespace tidemark::exporter {

void append_collector(std::string& text, const model::Snapshot& snapshot);
void append_devices(std::string& text, const model::Snapshot& snapshot);
void append_processes(std::string& text, const model::Snapshot& snapshot,
                      const Workloads& workloads, bool pid_label);
void append_regions(std::string& text, const model::Snapshot& snapshot);
void append_sensors(std::string& text, const model::Snapshot& snapshot);

// device="0",device_name="n300"; device="host",...
Labels device_labels(const model::Device& device);
Labels device_labels(const model::Snapshot& snapshot, std::uint32_t device);

}  // namespace tidemark::exporter
