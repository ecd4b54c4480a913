// SPDX-License-Identifier: Apache-2.0
//
// The report of `tidemark run`: for people, and as JSON in the shape of `tidemark query --json` with `exit_status`,
// `wall_seconds` and `leaks`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "viewers/cli/run_result.hpp"
#include "viewers/cli/terminal.hpp"

namespace tidemark::cli {

struct ReportLook {
    std::size_t width = 80;
    bool units = true;
    std::size_t top = 5;  // largest leaks, and programs; 0: all
};

std::string run_report(const RunResult& result, const std::vector<PoolResult>& pools,
                       const std::vector<std::string>& exceeded, const ReportLook& look,
                       const Terminal& terminal);

void write_run_json(const RunResult& result, const std::vector<std::string>& exceeded,
                    const std::function<void(const std::string&)>& write);

}  // namespace tidemark::cli
