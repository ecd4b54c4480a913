// SPDX-License-Identifier: Apache-2.0
//
// The last figures of a finished run for node_exporter's textfile folder, so that they are scraped after the job and
// its collector are gone. Gauges throughout: they are figures of one run, which the next one replaces.
#pragma once

#include <string>
#include <vector>

#include "viewers/cli/run_result.hpp"

namespace tidemark::cli {

// The label `run` of every series: `path` without its folders and ".prom". So the files of one folder never hold the
// same series. A usage error if the name does not end in .prom, for then nobody would read it.
std::string run_label(const std::string& path);

// Of a command that could not be run: with the status that says so, and no figures.
std::string failed_run_metrics(int exit_status, const std::string& label);

// `pools`: as pool_results() made them, with suppressed leaks left out. Figures that nobody could keep are absent.
std::string run_metrics(const RunResult& result, const std::vector<PoolResult>& pools,
                        std::size_t limits_exceeded, const std::string& label);

}  // namespace tidemark::cli
