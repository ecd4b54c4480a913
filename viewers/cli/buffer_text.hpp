// SPDX-License-Identifier: Apache-2.0
//
// Lists of buffers as text, CSV and JSON; shared by `buffers`, `leaks` and the report of `run`.
#pragma once

#include <string>
#include <vector>

#include "viewers/cli/figures.hpp"
#include "viewers/cli/grid.hpp"
#include "viewers/model/buffer_json.hpp"

namespace tidemark::cli {

using model::BufferTotal;
using model::totals_of;
using model::write_with_list;

// One row a buffer. `shown` of them at most (0: all).
Grid buffer_grid(const model::BufferList& list, std::size_t shown, const Figures& figures);

// Where it was allocated, in few words; "N/A" if that was not recorded. The list's call sites are named.
std::string site_text(const model::BufferList& list, const model::Buffer& buffer);

// "0x7f32c0001a40"
std::string id_text(std::uint64_t id);

// CSV of the list: device,pool,pid,id,size [bytes],age [ms].
std::string buffer_csv(const model::BufferList& list, bool header, bool units);

}  // namespace tidemark::cli
