// SPDX-License-Identifier: Apache-2.0
//
// /api/v1/processes: filtered, sorted, a page at a time.
#include <algorithm>
#include <functional>
#include <numeric>

#include "viewers/model/snapshot_json.hpp"
#include "viewers/web/api.hpp"
#include "viewers/web/api_text.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

using Process = model::Process;

struct Wanted {
    model::Filter filter;
    std::vector<std::string> users;
    std::string name;   // a part of the name or the command line
    std::string state;  // "all", "running", "exited"
};

bool contains(const std::optional<std::string>& text, const std::string& part) {
    return text && text->find(part) != std::string::npos;
}

bool wants(const Wanted& wanted, const Process& process) {
    const bool user =
        wanted.users.empty() ||
        std::any_of(wanted.users.begin(), wanted.users.end(), [&](const std::string& word) {
            return process.user == word || word == std::to_string(process.uid);
        });
    const bool name = wanted.name.empty() || contains(process.name, wanted.name) ||
                      contains(process.command, wanted.name);
    const bool state = wanted.state == "all" || process.exited == (wanted.state == "exited");
    return user && name && state;
}

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
    const Wanted wanted{parameters.filter(), parameters.list("user"), parameters.text("name"),
                        parameters.one_of("state", {"all", "running", "exited"})};
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
    std::erase_if(snapshot.processes,
                  [&](const Process& process) { return !wants(wanted, process); });
    model::apply(wanted.filter, snapshot);
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
    return error_response(404,
                          "there is no process with image '" + request.target.segments[3] + "'",
                          "/api/v1/processes lists them; one that ended stays for a minute");
}

}  // namespace tidemark::web
