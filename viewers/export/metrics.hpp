// SPDX-License-Identifier: Apache-2.0
//
// A snapshot as Prometheus scrapes it. A pure function: the same snapshot gives the same text, nothing is remembered
// between two scrapes, so a program that ended is gone from the next one. What each metric means: docs/metrics.md.
//
// Counters (`_total`) are those that the collector keeps beyond the life of programs and of itself. Sums over running
// programs are gauges: they fall when one ends, which Prometheus would take for a counter that began anew.
//
// Figures that are unknown have no series. While no collector keeps the figures up to date, what is allocated is
// unknown: then only `tidemark_up 0`, the collector's own figures and the sensors' are there.
#pragma once

#include <string>

#include "viewers/export/workloads.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::exporter {

struct MetricsOptions {
    bool processes = true;   // false: devices and the collector only
    bool pid_label = false;  // a series a process; otherwise those with the same labels are one
};

std::string metrics_text(const model::Snapshot& snapshot, const Workloads& workloads,
                         const MetricsOptions& options = {});

}  // namespace tidemark::exporter
