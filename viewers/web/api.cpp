// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/api.hpp"

#include <vector>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/units.hpp"
#include "viewers/web/api_text.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

using Route = Answer (*)(const Request&, Publication&);

Answer snapshot(const Request& request, Publication& publication) {
    Parameters parameters(request.target, {"pretty", "pid", "user", "name", "device", "pool"});
    const bool pretty = parameters.one_of("pretty", {"0", "1"}) == "1";
    const Selection wanted = parameters.selection();
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const model::Snapshot& snapshot = *publication.now().snapshot;
    if (pretty || !request.target.parameters.empty()) {
        model::Snapshot part = snapshot;
        apply(wanted, part);
        return json_response(model::dump(model::to_json(part), pretty ? 2 : -1) + '\n');
    }
    Response response = json_response(std::string());
    response.body = Body(publication.json());
    return response;
}

Answer stream(const Request& request, Publication&) {
    Parameters parameters(request.target, {"interval_ms", "changes"});
    const std::chrono::milliseconds interval(parameters.number(
        "interval_ms", kStreamDefault.count(), static_cast<std::uint64_t>(kStreamLongest.count()),
        static_cast<std::uint64_t>(kStreamTick.count())));
    const bool changes = parameters.one_of("changes", {"0", "1"}) == "1";
    if (parameters.problem()) {
        return *parameters.problem();
    }
    return StreamRequest{interval, std::string(request.header("last-event-id")), changes};
}

Answer collector(const Request& request, Publication& publication) {
    const Parameters parameters(request.target, {});
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const model::Snapshot& snapshot = *publication.now().snapshot;
    Json document = answer_head(snapshot);
    document["collector"] = model::to_json(snapshot.collector);
    if (snapshot.collector.state != model::CollectorState::kRunning) {
        document["hint"] = "start one: `" + model::start_command(snapshot.collector.instance) + "`";
    }
    return json_response(document);
}

// The stats segment's own description of its rows and fields.
Answer schema(const Request& request, Publication& publication) {
    const Parameters parameters(request.target, {});
    if (parameters.problem()) {
        return *parameters.problem();
    }
    publication.now();
    if (publication.source() == nullptr) {
        return error_response(503, "no collector publishes, so there is no segment to describe",
                              "/health says how to start one");
    }
    return json_response(std::string(publication.source()->reader().schema()));
}

struct Entry {
    std::vector<std::string_view> segments;  // "*": any
    Route route;
};

const std::vector<Entry>& routes() {
    static const std::vector<Entry> all = {
        {{"api", "devices"}, older_devices},
        {{"api", "devices", "*", "stats"}, older_devices},
        {{"api", "v1", "snapshot"}, snapshot},
        {{"api", "v1", "stream"}, stream},
        {{"api", "v1", "collector"}, collector},
        {{"api", "v1", "schema"}, schema},
        {{"api", "v1", "devices"}, devices},
        {{"api", "v1", "devices", "*"}, devices},
        {{"api", "v1", "history"}, history},
        {{"api", "v1", "processes"}, processes},
        {{"api", "v1", "processes", "*"}, one_process},
        {{"api", "v1", "processes", "*", "buffers"}, buffers},
        {{"api", "v1", "processes", "*", "sizes"}, sizes},
        {{"api", "v1", "processes", "*", "call-sites"}, call_sites},
        {{"api", "v1", "buffers"}, buffers},
        {{"api", "v1", "leaks"}, leaks},
    };
    return all;
}

bool matches(const Entry& entry, const std::vector<std::string>& segments) {
    return std::equal(entry.segments.begin(), entry.segments.end(), segments.begin(),
                      segments.end(), [](std::string_view pattern, const std::string& segment) {
                          return pattern == segment || (pattern == "*" && !segment.empty());
                      });
}

}  // namespace

Response no_such_path(const std::string& path) {
    return error_response(404, "there is nothing at " + path,
                          "/api/v1/openapi.json lists all paths");
}

std::optional<Answer> api_answer(const Request& request, Publication& publication) {
    for (const Entry& entry : routes()) {
        if (matches(entry, request.target.segments)) {
            return entry.route(request, publication);
        }
    }
    return std::nullopt;
}

}  // namespace tidemark::web
