// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/api_text.hpp"

#include <charconv>

#include "viewers/model/snapshot_json.hpp"

namespace tidemark::web {

Json answer_head(const model::Snapshot& snapshot) {
    Json document;
    document["schema"] = model::kJsonSchema;
    document["time_unix_ns"] = snapshot.time_unix_ns;
    document["consistent"] = snapshot.consistent;
    const bool none = snapshot.collector.state == model::CollectorState::kNone;
    document["collector_state"] =
        none ? Json(nullptr) : Json(model::state_word(snapshot.collector.state));
    return document;
}

void add_page(Json& document, const Page& page, std::size_t count) {
    const std::size_t end = range_of(page, count).second;
    document["count"] = count;
    document["offset"] = page.offset;
    document["limit"] = page.limit;
    document["next"] = end < count && page.limit != 0 ? Json(end) : Json(nullptr);
}

Response json_response(const Json& document) {
    return json_response(model::dump(document, -1) + '\n');
}

Response no_such_process(const Request& request) {
    return error_response(404,
                          "there is no process with image '" + request.target.segments[3] + "'",
                          "/api/v1/processes lists them; one that ended stays for a minute");
}

std::optional<std::uint64_t> parse_image(std::string_view word) {
    std::uint64_t image = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), image, 16);
    const bool whole = error == std::errc{} && end == word.data() + word.size();
    return whole && word.size() == 16 ? std::optional(image) : std::nullopt;
}

}  // namespace tidemark::web
