// SPDX-License-Identifier: Apache-2.0
//
// What the JSON answers have in common: their first keys, and the part of a list that was asked for.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "viewers/model/snapshot.hpp"
#include "viewers/web/message.hpp"
#include "viewers/web/parameters.hpp"

namespace tidemark::web {

using Json = nlohmann::ordered_json;

// {"schema", "time_unix_ns", "consistent", "collector_state"}: of which moment an answer is, and whether somebody keeps
// it up to date (null: no collector ever ran).
Json answer_head(const model::Snapshot& snapshot);

// "count", "offset", "limit" and "next", the offset of what follows or null.
void add_page(Json& document, const Page& page, std::size_t count);

// The [begin, end) of a list of `count` entries.
inline std::pair<std::size_t, std::size_t> range_of(const Page& page, std::size_t count) {
    const std::size_t begin = std::min(page.offset, count);
    return {begin, begin + std::min(page.limit, count - begin)};
}

Response json_response(const Json& document);

// 404 for a path whose process is none of the snapshot's.
Response no_such_process(const Request& request);

// The image that a path's word names; nothing if it is no such word.
std::optional<std::uint64_t> parse_image(std::string_view word);

}  // namespace tidemark::web
