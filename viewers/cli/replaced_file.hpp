// SPDX-License-Identifier: Apache-2.0
//
// A file that others read at any time, such as node_exporter: there is the old text or the new one, never a part.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemark::cli {

// Whether `path` names a plain file, or nothing yet, so that a new file can take its place; not so standard output, a
// pipe or a device.
bool is_replaceable(const std::optional<std::string>& path);

// Writes `text` under another name in the same folder (which does not end in .prom) and renames it. An existing file
// is replaced only with `force`. Throws Failure; the old file stays then, and nothing else is left.
void replace_file(const std::string& path, std::string_view text, bool force);

}  // namespace tidemark::cli
