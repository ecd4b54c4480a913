// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/run_result.hpp"

#include <algorithm>

#include "viewers/cli/failure.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

bool same_pool(const model::PoolUsage& a, const model::PoolUsage& b) {
    return a.device == b.device && a.pool_name == b.pool_name;
}

std::string over(const PoolResult& pool, const char* what, std::uint64_t value, const char* flag,
                 std::uint64_t limit) {
    return model::device_word(pool.usage.device) + " " + model::printable(pool.usage.pool_name) +
           " " + what + " " + model::format_bytes(value) + ", more than " + flag + " " +
           model::format_bytes(limit);
}

}  // namespace

std::vector<PoolResult> pool_results(const model::Snapshot& snapshot, bool host_limited) {
    std::vector<PoolResult> results;
    for (const model::Device& device : snapshot.devices) {
        for (const model::PoolUsage& pool : device.pools) {
            PoolResult result{pool, 0, 0, pool.exact,
                              device.device != TIDEMARK_DEVICE_HOST || host_limited};
            for (const model::Process& process : snapshot.processes) {
                for (const model::PoolUsage& usage : process.usage) {
                    if (process.exited && same_pool(usage, pool)) {
                        result.left += usage.current;
                        result.left_live += usage.live;
                        result.left_exact = result.left_exact && usage.exact;
                    }
                }
            }
            results.push_back(std::move(result));
        }
    }
    return results;
}

void leave_out(const symbols::Suppressed& suppressed, std::vector<PoolResult>& pools) {
    for (const symbols::SuppressedPool& known : suppressed.pools) {
        for (PoolResult& pool : pools) {
            if (pool.usage.device == known.device && pool.usage.pool_name == known.pool_name) {
                pool.left -= std::min(pool.left, known.bytes);
                pool.left_live -= std::min(pool.left_live, known.count);
            }
        }
    }
}

std::vector<std::string> exceeded(const std::vector<PoolResult>& pools, const Limits& limits) {
    std::vector<std::string> sentences;
    for (const PoolResult& pool : pools) {
        if (pool.limited && limits.peak && pool.usage.peak > *limits.peak) {
            sentences.push_back(over(pool, "reached", pool.usage.peak, "--max-peak", *limits.peak));
        }
        if (pool.limited && limits.leak && pool.left > *limits.leak) {
            sentences.push_back(over(pool, "was left with", pool.left, "--max-leak", *limits.leak));
        }
    }
    return sentences;
}

int final_status(const RunResult& result, const Limits& limits, bool limit_exceeded,
                 int error_exitcode) {
    if (result.exit_status != 0 || !limits.any()) {
        return result.exit_status;
    }
    if (!result.tracked) {
        return kUnavailable;
    }
    return limit_exceeded ? error_exitcode : kOk;
}

}  // namespace tidemark::cli
