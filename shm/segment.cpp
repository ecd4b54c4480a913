// SPDX-License-Identifier: Apache-2.0
//
// Segment on Boost.Interprocess: names and mappings are Boost's, what Boost has no word for (locks of the open file
// description, ownership, populated pages) goes to the kernel through its handle.
#include "shm/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <boost/interprocess/shared_memory_object.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "shm/kill_point.hpp"

namespace tidemark::shm {

namespace bi = boost::interprocess;

namespace {

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

std::string failure(const char* tried, const std::string& name, const std::string& why) {
    return std::string("cannot ") + tried + " shared memory object /dev/shm/" + name + ": " + why;
}

bool set_lock(int descriptor, int byte, short type) noexcept {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

// An access control list as the kernel takes it from user space (linux/posix_acl_xattr.h, version 2).
struct AccessEntry {
    std::uint16_t tag;
    std::uint16_t permissions;
    std::uint32_t id;
};
struct AccessList {
    std::uint32_t version;
    AccessEntry entries[5];
};
static_assert(sizeof(AccessList) == 44);
constexpr std::uint16_t kAclOwner = 0x01, kAclUser = 0x02, kAclGroup = 0x04, kAclMask = 0x10,
                        kAclOthers = 0x20;
constexpr std::uint16_t kAclRead = 4, kAclWrite = 2;
constexpr std::uint32_t kAclNobody = 0xFFFFFFFF;  // the entry concerns no particular id

// Empty: fine. What a stranger could have put there in place of the object is told apart from a fault.
std::string judge(int descriptor, uid_t owner, std::uint64_t least_size, struct stat& status) {
    if (fstat(descriptor, &status) != 0) return std::strerror(errno);
    if (!S_ISREG(status.st_mode)) return "not a regular file";
    if (status.st_uid != owner && status.st_uid != 0) {
        return "owned by uid " + std::to_string(status.st_uid) + ", expected " +
               std::to_string(owner);
    }
    if (status.st_nlink > 1) return "it has other names (hard links)";
    if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) < least_size) {
        return "only " + std::to_string(status.st_size) + " bytes";
    }
    return {};
}

}  // namespace

bool Segment::create(const std::string& name, std::uint64_t size, mode_t mode, Segment& out,
                     std::string& error) {
    bool made = false;
    try {
        bi::permissions permissions(static_cast<int>(mode));
        TIDEMARK_KILL_POINT("segment.create");
        bi::shared_memory_object object(bi::create_only, name.c_str(), bi::read_write, permissions);
        made = true;
        const int handle = object.get_mapping_handle().handle;
        if (fchmod(handle, mode) != 0) throw bi::interprocess_exception(std::strerror(errno));
        TIDEMARK_KILL_POINT("segment.size");
        object.truncate(static_cast<bi::offset_t>(size));
        out.region_ = bi::mapped_region(object, bi::read_write, 0, size);
        out.owner_ = geteuid();
        out.release_descriptor();
        out.descriptor_ = fcntl(handle, F_DUPFD_CLOEXEC, 3);
        return true;
    } catch (const bi::interprocess_exception& problem) {
        if (made) unlink(name);
        error = failure("make", name, problem.what());
        return false;
    }
}

bool Segment::open(const std::string& name, Access access, uid_t owner, std::uint64_t least_size,
                   Segment& out, std::string& error, int* reason) {
    if (reason != nullptr) *reason = 0;
    try {
        const bi::mode_t mode = access == Access::kReadWrite ? bi::read_write : bi::read_only;
        bi::shared_memory_object object(bi::open_only, name.c_str(), mode);
        const int handle = object.get_mapping_handle().handle;
        struct stat status = {};
        if (const std::string why = judge(handle, owner, least_size, status); !why.empty()) {
            error = failure("use", name, why);
            return false;
        }
        out.region_ = bi::mapped_region(object, mode, 0, static_cast<std::size_t>(status.st_size));
        out.owner_ = status.st_uid;
        out.release_descriptor();
        out.descriptor_ = fcntl(handle, F_DUPFD_CLOEXEC, 3);
        if (out.descriptor_ >= 0) return true;
        // Without it nothing of the object can be locked.
        if (reason != nullptr) *reason = errno;
        error = failure("open", name, std::strerror(errno));
        return false;
    } catch (const bi::interprocess_exception& problem) {
        if (reason != nullptr) *reason = problem.get_native_error();
        error = failure("open", name, problem.what());
        return false;
    }
}

bool Segment::unlink(const std::string& name) noexcept {
    TIDEMARK_KILL_POINT("segment.unlink");
    return bi::shared_memory_object::remove(name.c_str());
}

bool Segment::let_read(uid_t uid) noexcept {
    const AccessList list{2,
                          {{kAclOwner, kAclRead | kAclWrite, kAclNobody},
                           {kAclUser, kAclRead, uid},
                           {kAclGroup, 0, kAclNobody},
                           {kAclMask, kAclRead, kAclNobody},
                           {kAclOthers, 0, kAclNobody}}};
    return descriptor_ >= 0 &&
           fsetxattr(descriptor_, "system.posix_acl_access", &list, sizeof list, 0) == 0;
}

bool Segment::lock_byte(int byte) noexcept {
    return descriptor_ >= 0 && set_lock(descriptor_, byte, F_WRLCK);
}

void Segment::unlock_byte(int byte) noexcept {
    if (descriptor_ >= 0) set_lock(descriptor_, byte, F_UNLCK);
}

void Segment::release_descriptor() noexcept {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
}

bool Segment::populate(std::uint64_t offset, std::uint64_t length) noexcept {
    const std::uint64_t first = offset & ~std::uint64_t{4095};
    const std::uint64_t last = (offset + length + 4095) & ~std::uint64_t{4095};
    if (last > size()) return false;
    return madvise(data() + first, last - first, MADV_POPULATE_WRITE) == 0;
}

void Segment::discard(std::uint64_t begin, std::uint64_t end) noexcept {
    const std::uint64_t first = (begin + 4095) & ~std::uint64_t{4095};
    const std::uint64_t last = (end < size() ? end : size()) & ~std::uint64_t{4095};
    if (first >= last) return;
    TIDEMARK_KILL_POINT("segment.discard");
    madvise(data() + first, last - first, MADV_REMOVE);
}

Segment::~Segment() { release_descriptor(); }

Segment::Segment(Segment&& other) noexcept
    : region_(std::move(other.region_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      owner_(other.owner_) {}

Segment& Segment::operator=(Segment&& other) noexcept {
    if (this != &other) {
        release_descriptor();
        region_ = std::move(other.region_);
        descriptor_ = std::exchange(other.descriptor_, -1);
        owner_ = other.owner_;
    }
    return *this;
}

bool byte_is_locked(const std::string& name, int byte, bool* missing) noexcept {
    const std::string path = "/dev/shm/" + name;
    // Reading is enough to ask, and closing a read-only descriptor tells no directory watch "written".
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (missing) *missing = descriptor < 0;
    if (descriptor < 0) return false;
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    const bool locked = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(descriptor);
    return locked;
}

}  // namespace tidemark::shm
