// SPDX-License-Identifier: Apache-2.0
//
// The target of a request, taken apart: "/api/v1/processes?sort=size&limit=20". A path is never a file's name here, so
// that nothing is resolved: segments "." and ".." are segments that no route has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemark::web {

struct Target {
    std::string authority;              // of an absolute target, "localhost:9497"; else empty
    std::string path;                   // decoded, begins with '/'
    std::vector<std::string> segments;  // of the path, decoded each for itself
    std::vector<std::pair<std::string, std::string>> parameters;

    // The last of that name; nothing if there is none.
    std::optional<std::string> parameter(std::string_view name) const;
};

// A path, or a whole address with "http://" (RFC 9112 3.2.2). Nothing for what is neither, has control characters or
// broken escapes, or decodes to a NUL.
std::optional<Target> parse_target(std::string_view text);

// Whether that is because of an escape alone.
bool has_broken_escape(std::string_view text);

// Escapes resolved ('+' too if `form`); nothing if one is broken.
std::optional<std::string> percent_decoded(std::string_view text, bool form);

}  // namespace tidemark::web
