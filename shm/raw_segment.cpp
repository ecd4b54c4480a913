// SPDX-License-Identifier: Apache-2.0
//
// Making shared objects with system calls alone.
#include "shm/raw_segment.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "shm/identity_raw.hpp"
#include "shm/kill_point.hpp"
#include "shm/raw_file.hpp"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace tidemark::shm {
namespace {

constexpr Word kTmpfsMagic = 0x01021994;
constexpr Word kSignalSetBytes = 8;  // the kernel's, not libc's
constexpr std::uint64_t kFixedPart = kLanesOffset + 4096;
constexpr Word kRenameNoReplace = 1;

using Path = char[64];

void spell_path(Path& path, const char* prefix, std::uint64_t image) noexcept {
    put_hex16(put_text(put_text(path, kShmDirectory), prefix), image);
}

bool xfsz_is_pending() noexcept {
    std::uint64_t pending = 0;
    raw_syscall(SYS_rt_sigpending, word(&pending), kSignalSetBytes);
    return (pending >> (SIGXFSZ - 1)) & 1u;
}

// Runs a call that may exceed RLIMIT_FSIZE and takes the signal that it raised, not one that was pending before.
template <typename Call>
int without_xfsz(Call call) noexcept {
    const bool was_pending = xfsz_is_pending();
    Word result;
    do
        result = call();
    while (result == -EINTR);
    if (result == -EFBIG && !was_pending) {
        const std::uint64_t only = std::uint64_t{1} << (SIGXFSZ - 1);
        const timespec no_wait{};
        raw_syscall(SYS_rt_sigtimedwait, word(&only), 0, word(&no_wait), kSignalSetBytes);
    }
    return static_cast<int>(-result);
}

// Programs that run with a closed standard stream must not find our object there.
int above_standard_streams(int fd) noexcept {
    if (fd < 0 || fd > 2) return fd;
    const auto moved = static_cast<int>(raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3));
    raw_close(fd);
    return moved;
}

bool is_tmpfs(int fd) noexcept {
    struct statfs status {};
    return raw_syscall(SYS_fstatfs, fd, word(&status)) == 0 && status.f_type == kTmpfsMagic;
}

int lock_byte(int fd, int byte) noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return static_cast<int>(-raw_syscall(SYS_fcntl, fd, F_OFD_SETLK, word(&lock)));
}

int set_size(int fd, std::uint64_t& size) noexcept {
    for (;;) {
        TIDEMARK_KILL_POINT("create.size");
        const int error =
            without_xfsz([&] { return raw_syscall(SYS_ftruncate, fd, static_cast<Word>(size)); });
        if (error != EFBIG || size / 2 < kMinRingBudget) return error;
        size = (size / 2) & ~std::uint64_t{4095};
    }
}

int advise(const RawRing& ring, int advice) noexcept {
    return static_cast<int>(
        -raw_syscall(SYS_madvise, word(ring.base), static_cast<Word>(ring.size), advice));
}

int map_object(int fd, RawRing& ring) noexcept {
    const Word at = raw_syscall(SYS_mmap, 0, static_cast<Word>(ring.size), PROT_READ | PROT_WRITE,
                                MAP_SHARED, fd, 0);
    if (failed(at)) return static_cast<int>(-at);
    ring.base = reinterpret_cast<std::byte*>(at);
    if (const int error = advise(ring, MADV_DONTFORK); error != 0) return error;
    advise(ring, MADV_DONTDUMP);
    const int error = populate(ring, 0, kFixedPart);
    if (error != EINVAL) return error;
    ring.preallocated = true;
    return without_xfsz(
        [&] { return raw_syscall(SYS_fallocate, fd, 0, 0, static_cast<Word>(ring.size)); });
}

int prepare_object(int fd, RawRing& ring) noexcept {
    if (!is_tmpfs(fd)) return ENODEV;
    TIDEMARK_KILL_POINT("create.lock");
    if (const int error = lock_byte(fd, kProducerLockByte); error != 0) return error;
    if (const int error = set_size(fd, ring.size); error != 0) return error;
    return map_object(fd, ring);
}

// Regular, ours alone, and as long as its layout.
int prepare_bell(int fd, std::uint32_t uid) noexcept {
    struct stat status {};
    if (raw_syscall(SYS_fstat, fd, word(&status)) != 0) return EIO;
    if (!S_ISREG(status.st_mode) || status.st_uid != uid || (status.st_mode & 077u) != 0)
        return EPERM;
    if (status.st_size >= static_cast<off_t>(sizeof(BellPage))) return 0;
    TIDEMARK_KILL_POINT("create.bell_size");
    return without_xfsz([&] { return raw_syscall(SYS_ftruncate, fd, sizeof(BellPage)); });
}

}  // namespace

int create_ring(std::uint64_t image, std::uint64_t size, RawRing& ring) noexcept {
    ring = RawRing{};
    ring.image = image;
    ring.size = size;
    ring.temporary = random_image_id();
    Path path;
    spell_path(path, kTemporaryPrefix, ring.temporary);
    TIDEMARK_KILL_POINT("create.object");
    const int fd = above_standard_streams(
        raw_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fd < 0) return -fd;
    const int error = prepare_object(fd, ring);
    // The mapping keeps the open file and with it the lock.
    raw_close(fd);
    if (error != 0) discard_ring(ring);
    return error;
}

int publish_ring(const RawRing& ring) noexcept {
    Path from;
    Path to;
    spell_path(from, kTemporaryPrefix, ring.temporary);
    spell_path(to, kRingPrefix, ring.image);
    TIDEMARK_KILL_POINT("create.rename");
    Word result =
        raw_syscall(SYS_renameat2, AT_FDCWD, word(from), AT_FDCWD, word(to), kRenameNoReplace);
    if (result == -EINVAL || result == -ENOSYS)
        result = raw_syscall(SYS_renameat2, AT_FDCWD, word(from), AT_FDCWD, word(to), 0);
    if (result != 0) discard_ring(ring);
    return static_cast<int>(-result);
}

void discard_ring(const RawRing& ring) noexcept {
    Path path;
    spell_path(path, kTemporaryPrefix, ring.temporary);
    TIDEMARK_KILL_POINT("create.discard");
    raw_syscall(SYS_unlinkat, AT_FDCWD, word(path), 0);
    if (ring.base != nullptr)
        raw_syscall(SYS_munmap, word(ring.base), static_cast<Word>(ring.size));
}

int populate(const RawRing& ring, std::uint64_t offset, std::uint64_t length) noexcept {
    if (ring.preallocated) return 0;
    const std::uint64_t page = getauxval(AT_PAGESZ);
    const std::uint64_t begin = offset & ~(page - 1);
    const std::uint64_t end = (offset + length + page - 1) & ~(page - 1);
    if (end > ring.size) return ENOSPC;
    Word result;
    do
        result = raw_syscall(SYS_madvise, word(ring.base + begin), static_cast<Word>(end - begin),
                             MADV_POPULATE_WRITE);
    while (result == -EINTR || result == -EAGAIN);
    return static_cast<int>(-result);
}

BellPage* map_bell(std::uint32_t uid) noexcept {
    Path path;
    put_decimal(put_text(put_text(path, kShmDirectory), kBellPrefix), uid);
    const int fd =
        above_standard_streams(raw_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fd < 0) return nullptr;
    Word at = -EIO;
    if (is_tmpfs(fd) && prepare_bell(fd, uid) == 0)
        at = raw_syscall(SYS_mmap, 0, sizeof(BellPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!failed(at)) {
        RawRing whole{reinterpret_cast<std::byte*>(at), sizeof(BellPage), 0, false};
        int error = populate(whole, 0, whole.size);
        if (error == EINVAL)
            error = without_xfsz(
                [&] { return raw_syscall(SYS_fallocate, fd, 0, 0, sizeof(BellPage)); });
        if (error != 0) {
            raw_syscall(SYS_munmap, at, sizeof(BellPage));
            at = -EIO;
        }
    }
    raw_close(fd);
    return failed(at) ? nullptr : reinterpret_cast<BellPage*>(at);
}

SignalsBlocked::SignalsBlocked(bool wanted) noexcept : wanted_(wanted) {
    if (!wanted_) return;
    const std::uint64_t all = ~std::uint64_t{0};
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), word(&previous_), kSignalSetBytes);
}

SignalsBlocked::~SignalsBlocked() {
    if (!wanted_) return;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, word(&previous_), 0, kSignalSetBytes);
}

void* map_private(std::uint64_t bytes) noexcept {
    const Word at = raw_syscall(SYS_mmap, 0, static_cast<Word>(bytes), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return failed(at) ? nullptr : reinterpret_cast<void*>(at);
}

}  // namespace tidemark::shm
