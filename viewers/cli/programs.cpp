// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/programs.hpp"

#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <sstream>
#include <vector>

namespace tidemark::cli {
namespace {

constexpr const char* kTracker = "libtidemark_malloc.so";

std::string own_folder() {
    std::array<char, PATH_MAX> path{};
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
    const std::string whole(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    return whole.substr(0, whole.rfind('/'));
}

std::vector<std::string> path_folders() {
    std::vector<std::string> folders;
    const char* path = std::getenv("PATH");
    std::istringstream list(path != nullptr ? path : "");
    std::string folder;
    while (std::getline(list, folder, ':')) {
        if (!folder.empty()) {
            folders.push_back(folder);
        }
    }
    return folders;
}

Found first_of(const std::vector<std::string>& candidates, int mode, const std::string& what) {
    std::string places;
    for (const std::string& candidate : candidates) {
        if (access(candidate.c_str(), mode) == 0) {
            std::array<char, PATH_MAX> real{};
            return {realpath(candidate.c_str(), real.data()) != nullptr ? real.data() : candidate,
                    ""};
        }
        places += (places.empty() ? "" : ", ") + candidate;
    }
    return {"", what + " was not found (looked for " + places + ")"};
}

}  // namespace

Found find_collector() {
    const std::string own = own_folder();
    std::vector<std::string> candidates = {own + "/tidemarkd", own + "/../bin/tidemarkd"};
    for (const std::string& folder : path_folders()) {
        candidates.push_back(folder + "/tidemarkd");
    }
    Found found = first_of(candidates, X_OK, "tidemarkd");
    if (found.path.empty()) {
        found.error = "tidemarkd was not found beside " + own + "/tidemark nor in PATH";
    }
    return found;
}

Found find_malloc_tracker() {
    if (const char* named = std::getenv("TIDEMARK_MALLOC_LIB");
        named != nullptr && *named != '\0') {
        return first_of({named}, R_OK, "the malloc tracker that TIDEMARK_MALLOC_LIB names");
    }
    const std::string own = own_folder();
    std::vector<std::string> candidates;
    for (const char* folder : {"/../lib/", "/../lib/tidemark/", "/../" TIDEMARK_LIBDIR "/",
                               "/../" TIDEMARK_LIBDIR "/tidemark/"}) {
        candidates.push_back(own + folder + kTracker);
    }
    Found found = first_of(candidates, R_OK, kTracker);
    if (found.path.empty()) {
        found.error = std::string(kTracker) + " was not found in the library folders beside " + own;
    }
    return found;
}

}  // namespace tidemark::cli
