// SPDX-License-Identifier: Apache-2.0
#include "collector/directory.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace tidemark::collector {
namespace {

struct Candidate {
    std::string path;
    mode_t mode;  // as made; of one that is there, nobody else may write
};

// Empty if the directory is there, or was made, and is ours alone to write.
std::string objection(const Candidate& candidate) {
    if (mkdir(candidate.path.c_str(), candidate.mode) == 0) {
        // The mode stands whatever the umask; 0755 lets others see that a socket is there, not use it.
        if (chmod(candidate.path.c_str(), candidate.mode) == 0) return {};
        return std::strerror(errno);
    }
    if (errno != EEXIST) return std::strerror(errno);
    struct stat status {};
    if (lstat(candidate.path.c_str(), &status) != 0) return std::strerror(errno);
    if (!S_ISDIR(status.st_mode)) return "it is not a directory (or a symbolic link)";
    if (status.st_uid != geteuid()) return "it belongs to uid " + std::to_string(status.st_uid);
    if ((status.st_mode & 022) != 0) return "others may write to it: chmod go-w";
    return access(candidate.path.c_str(), W_OK | X_OK) == 0 ? "" : std::strerror(errno);
}

std::vector<Candidate> candidates() {
    std::vector<Candidate> list;
    const std::string uid = std::to_string(geteuid());
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (geteuid() == 0) {
        list.push_back({"/run/tidemark", 0755});
    } else if (runtime != nullptr && runtime[0] == '/') {
        list.push_back({std::string(runtime) + "/tidemark", 0700});
    }
    list.push_back({"/tmp/tidemark-" + uid, 0700});
    return list;
}

bool choose(const std::string& instance, std::string& directory, std::string& error) {
    std::string reasons;
    for (const Candidate& candidate : candidates()) {
        std::string reason;
        if (candidate.path.size() + instance.size() + sizeof("/.sock") >
            sizeof(sockaddr_un::sun_path)) {
            reason = "its path is too long for a socket";
        } else {
            reason = objection(candidate);
        }
        if (reason.empty()) {
            directory = candidate.path;
            return true;
        }
        reasons += (reasons.empty() ? "" : "; ") + candidate.path + ": " + reason;
    }
    error = "no directory for the control socket (" + reasons + ")";
    return false;
}

}  // namespace

bool control_socket_path(const std::string& instance, std::string& path, std::string& error) {
    std::string directory;
    if (!choose(instance, directory, error)) return false;
    path = directory + "/" + instance + ".sock";
    return true;
}

}  // namespace tidemark::collector
