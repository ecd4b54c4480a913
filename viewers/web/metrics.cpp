// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/metrics.hpp"

#include "viewers/export/exposition.hpp"
#include "viewers/export/metrics.hpp"
#include "viewers/web/parameters.hpp"

namespace tidemark::web {

Answer metrics(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"processes", "pid_label"});
    exporter::MetricsOptions options;
    options.processes = parameters.one_of("processes", {"1", "0"}) == "1";
    options.pid_label = parameters.one_of("pid_label", {"0", "1"}) == "1";
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const auto make = [snapshot = publication.now().snapshot, options] {
        exporter::Workloads workloads;
        if (options.processes) {
            workloads = exporter::read_workloads(*snapshot, sensors::Tree());
        }
        Response response;
        response.content_type = exporter::kContentType;
        response.body = Body(exporter::metrics_text(*snapshot, workloads, options));
        return response;
    };
    return Work{make, Queue::kMetrics};
}

}  // namespace tidemark::web
