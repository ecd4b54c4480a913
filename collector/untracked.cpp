// SPDX-License-Identifier: Apache-2.0
#include "collector/untracked.hpp"

#include <unistd.h>

#include <cstdlib>

namespace tidemark::collector {

std::string without_tracker(std::string_view preload) {
    std::string kept;
    while (!preload.empty()) {
        const std::size_t end = preload.find_first_of(" :");
        const std::string_view entry = preload.substr(0, end);
        if (!entry.empty() && entry.find("libtidemark_malloc") == std::string_view::npos) {
            kept.append(kept.empty() ? "" : ":").append(entry);
        }
        preload.remove_prefix(end == std::string_view::npos ? preload.size() : end + 1);
    }
    return kept;
}

void shed_tracker(char** arguments) {
    const char* preload = std::getenv("LD_PRELOAD");
    if (preload == nullptr ||
        std::string_view(preload).find("libtidemark_malloc") == std::string_view::npos)
        return;
    const std::string kept = without_tracker(preload);
    if (kept.empty()) {
        unsetenv("LD_PRELOAD");
    } else {
        setenv("LD_PRELOAD", kept.c_str(), 1);
    }
    execv("/proc/self/exe", arguments);
}

}  // namespace tidemark::collector
