// SPDX-License-Identifier: Apache-2.0
#include "collector/foreign_name.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "collector/log.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::collector {
namespace {

std::string path_of(const std::string& name) { return shm::kShmDirectory + name; }

std::string random_digits() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return "0";
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
    return digits;
}

bool renamed(const std::string& from, const std::string& to) {
    return renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0;
}

// Moved first: a name that nobody can guess is looked at by nobody, and a full directory can be moved, not removed.
bool remove(const std::string& path, uid_t owner) {
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    const std::string aside = folder + "tidemark.squatted." + random_digits();
    if (!renamed(path, aside)) return false;
    const bool removed = unlink(aside.c_str()) == 0 || rmdir(aside.c_str()) == 0;
    log_warning(path + " was made by uid " + std::to_string(owner) +
                (removed ? " and was removed" : " and is now " + aside + "; remove it"));
    return true;
}

}  // namespace

bool take_name_back(const std::string& name) {
    struct stat status {};
    if (geteuid() != 0 || lstat(path_of(name).c_str(), &status) != 0 || status.st_uid == 0)
        return false;
    const std::string own = "tidemark.user-" + std::to_string(status.st_uid) + ".";
    if (name.compare(0, own.size(), own) == 0) return false;
    return remove(path_of(name), status.st_uid);
}

bool take_path_back(const std::string& path) {
    constexpr mode_t kEverybodys = S_ISVTX | S_IWOTH;
    struct stat status {};
    struct stat folder {};
    if (geteuid() != 0 || lstat(path.c_str(), &status) != 0 || status.st_uid == 0) return false;
    if (stat(path.substr(0, path.rfind('/') + 1).c_str(), &folder) != 0) return false;
    return (folder.st_mode & kEverybodys) == kEverybodys && remove(path, status.st_uid);
}

std::string set_aside(const std::string& instance, const std::string& name) {
    const std::string prefix = "tidemark." + instance + ".";
    const std::string kept = prefix + "kept." + random_digits() + "." + name.substr(prefix.size());
    return renamed(path_of(name), path_of(kept)) ? kept : std::string();
}

}  // namespace tidemark::collector
