// SPDX-License-Identifier: Apache-2.0
//
// A /dev/shm of a size that a test chooses, seen by this test and its children only, and filled to leave exactly so
// much. Linux counts every page of a tmpfs exactly at its limit, so what is left is what can still be had.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/privilege.hpp"

namespace tidemark::test {

inline constexpr std::uint64_t kPageBytes = 4096;

// A tmpfs over a folder, gone with the object. In a mount namespace of this process, made with the first of them.
class SmallTmpfs {
public:
    // files: how many there may be; 0: as many as one likes.
    SmallTmpfs(std::string folder, std::uint64_t bytes, std::uint64_t files = 0)
        : folder_(std::move(folder)) {
        enter_own_namespace();
        const std::string options = "mode=1777,size=" + std::to_string(bytes) +
                                    (files == 0 ? "" : ",nr_inodes=" + std::to_string(files));
        require_or_skip(mount("tidemark-test", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0,
                        "to mount a tmpfs");
    }
    ~SmallTmpfs() { umount2(folder_.c_str(), MNT_DETACH); }
    SmallTmpfs(const SmallTmpfs&) = delete;
    SmallTmpfs& operator=(const SmallTmpfs&) = delete;

    std::uint64_t free_bytes() const {
        struct statvfs state {};
        statvfs(folder_.c_str(), &state);
        return state.f_bavail * state.f_frsize;
    }
    // From now on exactly so many bytes, whole pages, can be had there. False: there were fewer before, or somebody
    // takes pages meanwhile.
    bool leave(std::uint64_t bytes) {
        for (int tries = 0; tries < 100; ++tries) {
            const std::uint64_t free = free_bytes();
            if (free == bytes) return true;
            if (free < bytes && free + filled_ < bytes) return false;
            fill(filled_ + free - bytes);
        }
        return false;
    }
    std::uint64_t free_files() const {
        struct statvfs state {};
        statvfs(folder_.c_str(), &state);
        return state.f_favail;
    }
    // From now on so many files can be made there and no more, or, where others make some meanwhile, fewer.
    void leave_files(std::uint64_t files) {
        while (free_files() > files)
            close(open((filler() + std::to_string(fillers_++)).c_str(), O_CREAT | O_CLOEXEC, 0600));
    }
    // All of it can be had again.
    void release() {
        unlink(filler().c_str());
        filled_ = 0;
        while (fillers_ > 0)
            unlink((filler() + std::to_string(--fillers_)).c_str());
    }
    const std::string& folder() const { return folder_; }

private:
    static void enter_own_namespace() {
        static bool entered = false;
        if (entered) return;
        entered = unshare(CLONE_NEWNS) == 0 &&
                  mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        require_or_skip(entered, "a mount namespace of its own (root)");
    }
    std::string filler() const { return folder_ + "/filler"; }
    void fill(std::uint64_t bytes) {
        const int file = open(filler().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        const auto size = static_cast<off_t>(bytes);
        if (bytes < filled_ && ftruncate(file, size) == 0) filled_ = bytes;
        if (bytes > filled_ && posix_fallocate(file, 0, size) == 0) filled_ = bytes;
        close(file);
    }

    std::string folder_;
    std::uint64_t filled_ = 0;
    int fillers_ = 0;
};

class SmallShm : public SmallTmpfs {
public:
    explicit SmallShm(std::uint64_t bytes, std::uint64_t files = 0)
        : SmallTmpfs("/dev/shm", bytes, files) {}
};

}  // namespace tidemark::test
