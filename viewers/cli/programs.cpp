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
constexpr const char* kProducer = "libtidemark_producer.so." TIDEMARK_SOVERSION;

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

// The file that `variable` names, else `file` in the library folders of this installation.
Found find_library(const char* variable, const std::string& what, const std::string& file) {
    if (const char* named = std::getenv(variable); named != nullptr && *named != '\0') {
        return first_of({named}, R_OK, what + " that " + variable + " names");
    }
    const std::string own = own_folder();
    std::vector<std::string> candidates;
    for (const char* folder : {"/../lib/", "/../lib/tidemark/", "/../" TIDEMARK_LIBDIR "/",
                               "/../" TIDEMARK_LIBDIR "/tidemark/"}) {
        candidates.push_back(own + folder + file);
    }
    Found found = first_of(candidates, R_OK, file);
    if (found.path.empty()) {
        found.error = file + " was not found in the library folders beside " + own;
    }
    return found;
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
    return find_library("TIDEMARK_MALLOC_LIB", "the malloc tracker", kTracker);
}

Found find_producer_library() {
    return find_library("TIDEMARK_PRODUCER_LIBRARY", "the producer's library", kProducer);
}

}  // namespace tidemark::cli
