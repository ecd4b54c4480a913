// SPDX-License-Identifier: Apache-2.0
//
// Leaks from a file: the JSON document that `tidemark run --json -o FILE` wrote, or lines of JSON as the collector's
// leak log and `tidemark events --json` have them (objects whose "op" is "leak"; others are passed over).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "viewers/model/buffers.hpp"

namespace tidemark::model {

struct LeakFile {
    BufferList leaks;
    std::map<std::int32_t, std::string> names;  // of processes, as far as the file tells them
};

// Nothing on failure, with `error` as a sentence.
std::optional<LeakFile> read_leak_file(const std::string& path, std::string& error);

}  // namespace tidemark::model
