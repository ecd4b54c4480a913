// SPDX-License-Identifier: Apache-2.0
//
// /api/v1/processes: filtered, sorted, a page at a time; one of them; the sizes of its allocations.
#include <algorithm>
#include <functional>
#include <numeric>

#include "viewers/model/size_histogram.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/web/api.hpp"
#include "viewers/web/api_text.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

using Process = model::Process;

std::uint64_t sum_of(const Process& process, std::uint64_t model::PoolUsage::*figure) {
    return std::accumulate(
        process.usage.begin(), process.usage.end(), std::uint64_t{0},
        [&](std::uint64_t sum, const model::PoolUsage& usage) { return sum + usage.*figure; });
}

// Whether `a` stands before `b` in ascending order.
bool before(const Process& a, const Process& b, const std::string& by) {
    const auto compare = [&](const auto& value) {
        return value(a) != value(b) ? std::optional(value(a) < value(b)) : std::nullopt;
    };
    const auto sorted = [&]() -> std::optional<bool> {
        if (by == "size") {
            return compare([](const Process& p) { return sum_of(p, &model::PoolUsage::current); });
        }
        if (by == "live") {
            return compare([](const Process& p) { return sum_of(p, &model::PoolUsage::live); });
        }
        if (by == "name") {
            return compare([](const Process& p) { return p.name.value_or(""); });
        }
        if (by == "start") {
            return compare([](const Process& p) { return p.start_unix_ns; });
        }
        if (by == "events") {
            return compare([](const Process& p) { return p.events; });
        }
        return compare([](const Process& p) { return p.pid; });
    }();
    return sorted.value_or(a.image < b.image);
}

}  // namespace

Answer processes(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"limit", "offset", "sort", "order", "pid", "user",
                                           "name", "device", "pool", "state"});
    const Selection wanted = parameters.selection();
    const std::string state = parameters.one_of("state", {"all", "running", "exited"});
    const Page page = parameters.page(kPageEntries);
    const std::string by =
        parameters.one_of("sort", {"size", "live", "events", "start", "name", "pid"});
    const bool words = by == "name" || by == "pid";
    const std::string order = words ? parameters.one_of("order", {"asc", "desc"})
                                    : parameters.one_of("order", {"desc", "asc"});
    if (parameters.problem()) {
        return *parameters.problem();
    }
    model::Snapshot snapshot = *publication.now().snapshot;
    std::erase_if(snapshot.processes, [&](const Process& process) {
        return state != "all" && process.exited != (state == "exited");
    });
    apply(wanted, snapshot);
    auto& list = snapshot.processes;
    std::sort(list.begin(), list.end(), [&](const Process& a, const Process& b) {
        return order == "asc" ? before(a, b, by) : before(b, a, by);
    });
    Json document = answer_head(snapshot);
    add_page(document, page, list.size());
    document["processes"] = Json::array();
    const auto [begin, end] = range_of(page, list.size());
    for (std::size_t i = begin; i < end; ++i) {
        document["processes"].push_back(model::to_json(list[i]));
    }
    return json_response(document);
}

Answer one_process(const Request& request, Publication& publication) {
    const Parameters parameters(request.target, {});
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const model::Snapshot& snapshot = *publication.now().snapshot;
    const auto image = parse_image(request.target.segments[3]);
    for (const Process& process : snapshot.processes) {
        if (image == process.image) {
            Json document = answer_head(snapshot);
            document["process"] = model::to_json(process);
            return json_response(document);
        }
    }
    return no_such_process(request);
}

Answer sizes(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"device", "pool"});
    const model::Filter filter = parameters.filter();
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const model::Snapshot& snapshot = *publication.now().snapshot;
    const auto image = parse_image(request.target.segments[3]);
    const auto process = std::find_if(snapshot.processes.begin(), snapshot.processes.end(),
                                      [&](const Process& one) { return image == one.image; });
    if (process == snapshot.processes.end()) {
        return no_such_process(request);
    }
    auto histograms = model::read_size_histograms(publication.source()->reader(), *image);
    std::erase_if(histograms, [&](const model::SizeHistogram& one) {
        return !filter.wants_device(one.device) || !filter.wants_pool(one.pool_name);
    });
    Json document = answer_head(snapshot);
    document["exact"] = std::all_of(process->usage.begin(), process->usage.end(),
                                    [](const model::PoolUsage& usage) { return usage.exact; });
    document["sizes"] = model::size_histograms_json(histograms);
    return json_response(document);
}

}  // namespace tidemark::web
