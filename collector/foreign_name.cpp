// SPDX-License-Identifier: Apache-2.0
#include "collector/foreign_name.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>

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

bool is_everybodys(const std::string& folder) {
    constexpr mode_t kEverybodys = S_ISVTX | S_IWOTH;
    struct stat status {};
    return stat(folder.c_str(), &status) == 0 && (status.st_mode & kEverybodys) == kEverybodys;
}

}  // namespace

Squatters::~Squatters() {
    if (aside_.empty()) return;
    std::string left;
    for (const std::string& aside : aside_) {
        if (unlink(aside.c_str()) != 0 && rmdir(aside.c_str()) != 0) left = aside;
    }
    const std::string times =
        aside_.size() > 1 ? std::to_string(aside_.size()) + " times by others, last " : "";
    log_warning(path_ + " was made " + times + "by uid " + std::to_string(owner_) +
                (left.empty() ? " and was removed" : " and is now " + left + "; remove it"));
}

// Moved, not removed: a name that nobody can guess is looked at by nobody, a full directory can be moved, and nothing
// else happens before the name is taken.
bool Squatters::move_aside() {
    struct stat status {};
    if (geteuid() != 0 || lstat(path_.c_str(), &status) != 0 || status.st_uid == 0) return false;
    const std::size_t name = path_.rfind('/') + 1;
    const std::string folder = path_.substr(0, name);
    const std::string own = "tidemark.user-" + std::to_string(status.st_uid) + ".";
    if (path_.compare(name, own.size(), own) == 0 || !is_everybodys(folder)) return false;
    std::string aside = folder + "tidemark.squatted." + random_digits();
    if (!renamed(path_, aside)) return errno == ENOENT;
    owner_ = status.st_uid;
    aside_.push_back(std::move(aside));
    return true;
}

bool take_name_back(const std::string& name) { return Squatters(path_of(name)).move_aside(); }

std::string set_aside(const std::string& instance, const std::string& name) {
    const std::string prefix = "tidemark." + instance + ".";
    const std::string kept = prefix + "kept." + random_digits() + "." + name.substr(prefix.size());
    return renamed(path_of(name), path_of(kept)) ? kept : std::string();
}

}  // namespace tidemark::collector
