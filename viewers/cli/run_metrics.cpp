// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/run_metrics.hpp"

#include "viewers/cli/failure.hpp"
#include "viewers/export/exposition.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

using exporter::Metric;
using exporter::Type;

constexpr std::string_view kSuffix = ".prom";

class RunText {
public:
    explicit RunText(std::string label) : label_(std::move(label)) {}

    void add(const char* name, const char* help, Metric::Value value) {
        Metric metric(std::string("tidemark_run_") + name, Type::kGauge, help);
        metric.add({{"run", label_}}, value);
        metric.append_to(text);
    }

    void add_pools(const char* name, const char* help, const std::vector<PoolResult>& pools,
                   std::uint64_t (*value)(const PoolResult&)) {
        Metric metric(std::string("tidemark_run_pool_") + name, Type::kGauge, help);
        for (const PoolResult& pool : pools) {
            metric.add({{"run", label_},
                        {"device", model::device_word(pool.usage.device)},
                        {"memory", model::memory_word(pool.usage.memory)},
                        {"pool", pool.usage.pool_name}},
                       value(pool));
        }
        metric.append_to(text);
    }

    void add_losses(const model::Loss& lost) {
        Metric metric("tidemark_run_lost_events", Type::kGauge,
                      "Events of the run that were not applied, by cause.");
        for (std::uint32_t cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
            metric.add({{"run", label_}, {"cause", model::loss_key(cause)}}, lost.count(cause));
        }
        metric.append_to(text);
    }

    std::string text;

private:
    std::string label_;
};

void add_end(RunText& out, bool tracked, int exit_status) {
    out.add("tracked", "1 if at least one program of the run was tracked, else 0.",
            std::uint64_t{tracked});
    out.add("exit_status", "The command's exit status, as a shell gives it.",
            static_cast<double>(exit_status));
    out.add("end_time_seconds", "Unix time when the run ended.",
            static_cast<double>(model::unix_now_ns()) / 1e9);
}

void add_pools(RunText& out, const std::vector<PoolResult>& pools) {
    using P = const PoolResult&;
    out.add_pools("peak_bytes", "The highest that the run's programs had allocated at one time.",
                  pools, [](P p) { return p.usage.peak; });
    out.add_pools("allocated_bytes", "Sum of all allocations of the run.", pools,
                  [](P p) { return p.usage.total_allocated; });
    out.add_pools("allocations", "Allocations of the run.", pools,
                  [](P p) { return p.usage.allocations; });
    out.add_pools("left_bytes", "What the run's programs left allocated when they ended.", pools,
                  [](P p) { return p.left; });
    out.add_pools("left_buffers", "Buffers that they left.", pools,
                  [](P p) { return p.left_live; });
    out.add_pools("exact", "1 if the pool's figures are exact, else 0.", pools, [](P p) {
        return std::uint64_t{p.usage.exact && p.usage.peak_exact && p.left_exact};
    });
}

}  // namespace

std::string run_label(const std::string& path) {
    std::string name = path.substr(path.rfind('/') + 1);
    if (!name.ends_with(kSuffix) || name.size() == kSuffix.size()) {
        usage_error(
            "--metrics-file takes a name that ends in .prom, as node_exporter reads no other: not "
            "'" +
            path + "'");
    }
    name.resize(name.size() - kSuffix.size());
    return name;
}

std::string failed_run_metrics(int exit_status, const std::string& label) {
    RunText out(label);
    add_end(out, false, exit_status);
    return std::move(out.text);
}

std::string run_metrics(const RunResult& result, const std::vector<PoolResult>& pools,
                        std::size_t limits_exceeded, const std::string& label) {
    RunText out(label);
    add_end(out, result.tracked, result.exit_status);
    out.add("duration_seconds", "How long the run took.", result.wall_seconds);
    out.add("limits_exceeded", "Limits of --max-peak and --max-leak that the run exceeded.",
            std::uint64_t{limits_exceeded});
    if (result.snapshot) {
        out.add("images", "Program images of the run that were tracked.",
                std::uint64_t{result.snapshot->processes.size()});
        if (result.snapshot->collector.counters) {
            out.add_losses(result.snapshot->collector.counters->lost);
        }
        add_pools(out, pools);
    }
    return std::move(out.text);
}

}  // namespace tidemark::cli
