// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/message.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "viewers/model/snapshot_json.hpp"

namespace tidemark::web {

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::size_t Request::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; }));
}

Response error_response(int status, std::string_view error, std::string_view hint) {
    nlohmann::ordered_json document;
    document["error"] = error;
    document["hint"] = hint;
    Response response = json_response(model::dump(document, -1) + '\n');
    response.status = status;
    return response;
}

Response json_response(std::string text) {
    Response response;
    response.body = Body(std::move(text));
    response.with("Cache-Control", "no-store");
    return response;
}

}  // namespace tidemark::web
