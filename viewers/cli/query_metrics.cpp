// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/query_metrics.hpp"

#include <unistd.h>

#include "viewers/cli/failure.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/replaced_file.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/watch.hpp"

namespace tidemark::cli {
namespace {

// With or without sensors; a collector that is started later is found at the next look.
class Figures {
public:
    Figures(const Options& options, const SensorOptions* sensors) : options_(options) {
        if (sensors != nullptr) {
            machine_.emplace(options, *sensors);
        }
    }

    model::Snapshot read() {
        if (machine_) {
            return machine_->read();
        }
        if (!source_) {
            source_ = find_source(options_);
        }
        return source_ ? source_->read() : without_figures(options_);
    }

private:
    const Options& options_;
    std::optional<Machine> machine_;
    std::optional<model::StatsSource> source_;
};

}  // namespace

int query_metrics(const Options& options, const SensorOptions* sensors,
                  const exporter::MetricsOptions& metrics) {
    Figures figures(options, sensors);
    const sensors::Tree tree(sensors != nullptr ? sensors->sysfs_root.value_or("") : "");
    int status = kOk;
    bool replace = options.force;
    const bool to_file = is_replaceable(options.output);
    Output output = to_file ? Output::open(std::nullopt, false) : Output::open(options);
    const Terminal terminal(output.fd(), ColorChoice::kNever, options.ascii);
    const bool ended =
        show(options, output, terminal, {Redraw::kAppend, ""}, [&](Size) -> std::string {
            model::Snapshot snapshot = figures.read();
            status = status_for(snapshot);
            model::apply(options.filter, snapshot);
            const exporter::Workloads workloads = metrics.processes
                                                      ? exporter::read_workloads(snapshot, tree)
                                                      : exporter::Workloads{};
            std::string text = exporter::metrics_text(snapshot, workloads, metrics);
            if (!to_file) {
                return text;
            }
            replace_file(*options.output, text, replace);
            replace = true;  // from now on it is ours
            return "";
        });
    if (ended && to_file) {
        ::unlink(options.output->c_str());  // nobody keeps it up to date any more
    }
    return status;
}

}  // namespace tidemark::cli
