// SPDX-License-Identifier: Apache-2.0
//
// The files of viewers/web/assets, embedded into the binary (embed.cmake). The table is made by the build.
#pragma once

#include <span>
#include <string_view>

namespace tidemark::web {

struct Asset {
    std::string_view path;  // "/dashboard.html"
    std::string_view content_type;
    std::string_view etag;  // quoted
    std::string_view bytes;
};

// Sorted by path.
std::span<const Asset> assets();

// Null if there is none. "/" is "/dashboard.html".
const Asset* find_asset(std::string_view path);

}  // namespace tidemark::web
