// SPDX-License-Identifier: Apache-2.0
//
// Lists of buffers as text, CSV and JSON; shared by `buffers`, `leaks` and the report of `run`.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "viewers/cli/figures.hpp"
#include "viewers/cli/grid.hpp"
#include "viewers/model/buffers.hpp"

namespace tidemark::cli {

// Device x pool of a list.
struct BufferTotal {
    std::optional<std::int32_t> pid;  // nothing: over all processes
    std::uint32_t device = 0;
    std::string pool_name;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};
std::vector<BufferTotal> totals_of(const model::BufferList& list, bool by_process);

// One row a buffer. `shown` of them at most (0: all).
Grid buffer_grid(const model::BufferList& list, std::size_t shown, const Figures& figures);

// Where it was allocated, in few words; "N/A" if that was not recorded. The list's call sites are named.
std::string site_text(const model::BufferList& list, const model::Buffer& buffer);

// "0x7f32c0001a40"
std::string id_text(std::uint64_t id);

// A JSON document made of `head` and, under `key`, an array of the list's buffers as
// {"pid","device","pool","id","size","age_ms","image","stack"}, written piece by piece: a list may hold millions. `indent`
// < 0: one line.
void write_with_list(const nlohmann::ordered_json& head, const std::string& key,
                     const model::BufferList& list, int indent,
                     const std::function<void(const std::string&)>& write);

// CSV of the list: device,pool,pid,id,size [bytes],age [ms].
std::string buffer_csv(const model::BufferList& list, bool header, bool units);

}  // namespace tidemark::cli
