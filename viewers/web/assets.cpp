// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/assets.hpp"

#include <algorithm>

namespace tidemark::web {

const Asset* find_asset(std::string_view path) {
    const std::string_view wanted = path == "/" ? "/dashboard.html" : path;
    const auto all = assets();
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const Asset& asset) { return asset.path == wanted; });
    return at == all.end() ? nullptr : &*at;
}

}  // namespace tidemark::web
