// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/router.hpp"

#include <exception>
#include <nlohmann/json.hpp>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/web/assets.hpp"
#include "viewers/web/metrics.hpp"
#include "viewers/web/parameters.hpp"

namespace tidemark::web {
namespace {

Response asset_response(const Asset& asset, const Request& request) {
    Response response;
    response.content_type = asset.content_type;
    response.with("ETag", std::string(asset.etag)).with("Cache-Control", "no-cache");
    if (request.header("if-none-match").find(asset.etag) != std::string_view::npos) {
        response.status = 304;
        return response;
    }
    response.body = Body::of_static(asset.bytes);
    return response;
}

}  // namespace

void add_security_headers(Response& response) {
    response
        .with("Content-Security-Policy",
              "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
              "frame-ancestors 'none'")
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "no-referrer")
        .with("Cross-Origin-Resource-Policy", "same-origin")
        .with("Cross-Origin-Opener-Policy", "same-origin");
}

Answer Router::answer(const Request& request) {
    auto refusal = refuse(request, access_);
    Answer answer = refusal ? Answer(std::move(*refusal)) : route_or_say_why(request);
    if (auto* response = std::get_if<Response>(&answer)) {
        add_security_headers(*response);
    }
    return answer;
}

// No answer ends the server, also where memory ends.
Answer Router::route_or_say_why(const Request& request) {
    try {
        return route(request);
    } catch (const std::exception& error) {
        return error_response(500, std::string("the answer could not be made: ") + error.what(),
                              "ask for less, or look at the memory of this machine");
    }
}

Answer Router::route(const Request& request) {
    const std::string& path = request.target.path;
    if (path == "/health") {
        return health(request);
    }
    if (path == "/metrics") {
        return metrics(request, publication_);
    }
    if (path == "/login") {
        return login(request, access_);
    }
    if (auto answer = api_answer(request, publication_)) {
        return std::move(*answer);
    }
    if (const Asset* asset = find_asset(path)) {
        const Parameters parameters(request.target, {});
        if (path.starts_with("/api/") && parameters.problem()) {
            return *parameters.problem();
        }
        return asset_response(*asset, request);
    }
    return no_such_path(path);
}

Response Router::health(const Request& request) {
    const Parameters parameters(request.target, {});
    if (parameters.problem()) {
        return *parameters.problem();
    }
    const model::Snapshot& snapshot = *publication_.now().snapshot;
    const bool running = snapshot.collector.state == model::CollectorState::kRunning;
    nlohmann::ordered_json document;
    document["status"] = running ? "ok" : "unavailable";
    const bool none = snapshot.collector.state == model::CollectorState::kNone;
    document["collector"] =
        none ? nlohmann::ordered_json(nullptr) : model::state_word(snapshot.collector.state);
    if (!running) {
        const std::string& problem = publication_.problem();
        document["error"] = problem.empty() ? "no collector publishes for instance '" +
                                                  snapshot.collector.instance + "'"
                                            : problem;
        document["hint"] = "start one: `" + model::start_command(snapshot.collector.instance) + "`";
    }
    Response response = json_response(model::dump(document, -1) + '\n');
    response.status = running ? 200 : 503;
    return response;
}

}  // namespace tidemark::web
