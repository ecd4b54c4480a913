// SPDX-License-Identifier: Apache-2.0
//
// Lists of buffers as JSON: `tidemark buffers --json`, `leaks --json`, the report of `run`, and the same over HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "viewers/model/buffers.hpp"

namespace tidemark::model {

// Device x pool of a list.
struct BufferTotal {
    std::optional<std::int32_t> pid;  // nothing: over all processes
    std::uint32_t device = 0;
    std::string pool_name;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};
std::vector<BufferTotal> totals_of(const BufferList& list, bool by_process);

// As [{"device","pool","count","bytes"}].
nlohmann::ordered_json totals_json(const std::vector<BufferTotal>& totals);

// A JSON document made of `head` and, under `key`, an array of the list's buffers as
// {"pid","device","pool","id","size","age_ms","image","stack"}, written piece by piece: a list may hold millions. `indent`
// < 0: one line.
void write_with_list(const nlohmann::ordered_json& head, const std::string& key,
                     const BufferList& list, int indent,
                     const std::function<void(const std::string&)>& write);

}  // namespace tidemark::model
