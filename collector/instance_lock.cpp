// SPDX-License-Identifier: Apache-2.0
#include "collector/instance_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "collector/foreign_name.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::collector {
namespace {

constexpr int kOpenFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
constexpr int kTries = 1000;  // somebody removes and makes the object between two of our calls

// Opened first and made only if missing: O_CREAT on another user's object in a sticky directory says EACCES where
// the owner check can say more (fs.protected_regular).
int open_or_create(const std::string& path) {
    for (int i = 0; i < kTries; ++i) {
        int descriptor = open(path.c_str(), kOpenFlags);
        if (descriptor >= 0 || errno != ENOENT) return descriptor;
        descriptor = open(path.c_str(), kOpenFlags | O_CREAT | O_EXCL, 0600);
        if (descriptor >= 0 || errno != EEXIST) return descriptor;
    }
    errno = EAGAIN;
    return -1;
}

// Empty if the object is one that we made.
std::string objection(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return std::strerror(errno);
    if (!S_ISREG(status.st_mode)) return "it is not a regular file; remove it";
    if (status.st_uid != geteuid()) {
        return "it belongs to uid " + std::to_string(status.st_uid) +
               "; choose another --instance, or have its owner remove it";
    }
    if (status.st_nlink > 1) return "it has other names (hard links); remove it";
    return {};
}

bool names_same_file(const std::string& path, int descriptor) {
    struct stat there {};
    struct stat here {};
    return lstat(path.c_str(), &there) == 0 && fstat(descriptor, &here) == 0 &&
           there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

}  // namespace

InstanceLock::~InstanceLock() {
    if (descriptor_ >= 0) close(descriptor_);
}

InstanceLock::Taken InstanceLock::take(const std::string& instance, std::string& error) {
    path_ = instance_lock_path(instance);
    const auto failed = [&](const std::string& reason) {
        error = "cannot lock instance " + instance + " (" + path_ + "): " + reason;
        return Taken::kFailed;
    };
    Squatters squatters(path_);
    for (int i = 0; i < kTries; ++i) {
        if (descriptor_ >= 0) close(descriptor_);
        descriptor_ = open_or_create(path_);
        // Root's name is root's: it does not stay down because somebody else was here first.
        if ((descriptor_ < 0 || !objection(descriptor_).empty()) && squatters.move_aside()) {
            continue;
        }
        if (descriptor_ < 0) {
            return failed(
                std::string(std::strerror(errno)) +
                (errno == ELOOP ? "; it is a symbolic link: remove it" : "; see tidemark doctor"));
        }
        const std::string reason = objection(descriptor_);
        if (!reason.empty()) return failed(reason);
        struct flock lock = instance_lock_range();
        if (fcntl(descriptor_, F_OFD_SETLK, &lock) != 0) {
            if (errno == EAGAIN || errno == EACCES) return Taken::kHeldByAnother;
            return failed(std::strerror(errno));
        }
        // A predecessor that leaves nothing behind may have unlinked the object before we locked it.
        if (names_same_file(path_, descriptor_)) return Taken::kYes;
    }
    return failed("it is replaced again and again; find out by whom");
}

bool InstanceLock::write(const InstanceRecord& record, std::string& error) {
    const std::string text = record_text(record);
    if (pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
        return true;
    error = "cannot write " + path_ + ": " + std::strerror(errno) + "; free space in /dev/shm";
    return false;
}

bool InstanceLock::in_place() const noexcept {
    return descriptor_ >= 0 && names_same_file(path_, descriptor_);
}

void InstanceLock::remove() noexcept {
    if (in_place()) unlink(path_.c_str());
}

}  // namespace tidemark::collector
