// SPDX-License-Identifier: Apache-2.0
//
// A walk over /dev/shm.
#include "shm/raw_scan.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "shm/raw_file.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::shm {
namespace {

// The kernel's struct linux_dirent64, before its name.
struct EntryHead {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t length;
    std::uint8_t type;
};
constexpr std::size_t kNameOffset = 19;

std::uint64_t bytes_of(int directory, const char* name, std::uint32_t uid) noexcept {
    if (strncmp(name, kRingPrefix, sizeof kRingPrefix - 1) != 0) return 0;
    struct stat status {};
    if (raw_syscall(SYS_newfstatat, directory, word(name), word(&status), AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    if (!S_ISREG(status.st_mode) || status.st_uid != uid) return 0;
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

}  // namespace

std::uint64_t ring_bytes_of(std::uint32_t uid, std::uint64_t enough) noexcept {
    const int directory = raw_open(kShmDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return 0;
    alignas(8) char entries[4096];
    std::uint64_t sum = 0;
    while (sum < enough) {
        const Word size = raw_syscall(SYS_getdents64, directory, word(&entries[0]), sizeof entries);
        if (size <= 0) break;
        for (Word at = 0; at < size;) {
            EntryHead head;
            memcpy(&head, entries + at, sizeof head);
            sum += bytes_of(directory, entries + at + kNameOffset, uid);
            at += head.length;
        }
    }
    raw_close(directory);
    return sum;
}

}  // namespace tidemark::shm
