// SPDX-License-Identifier: Apache-2.0
//
// `tidemark query --format prometheus`: what `/metrics` answers, once or again and again, to standard output or into a
// file that a scraper never sees half written.
#pragma once

#include "viewers/cli/machine.hpp"
#include "viewers/cli/options.hpp"
#include "viewers/export/metrics.hpp"

namespace tidemark::cli {

// `sensors` is null where none are asked for. Where no collector ever ran the metrics say so (`tidemark_up 0`), and the
// status is 3. A file that is written again and again is removed when a signal ends that: its figures would stand for ever.
int query_metrics(const Options& options, const SensorOptions* sensors,
                  const exporter::MetricsOptions& metrics);

}  // namespace tidemark::cli
