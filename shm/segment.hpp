// SPDX-License-Identifier: Apache-2.0
//
// A named shared-memory object, mapped whole: made exclusively or opened with its owner checked. For the collector's
// side; producers make theirs with system calls alone (raw_segment). Nothing here knows what the bytes mean.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/interprocess/mapped_region.hpp>

namespace tidemark::shm {

// Not thread-safe; one owner. The object's name outlives it unless unlinked.
class Segment {
public:
    enum class Access { kReadOnly, kReadWrite };

    // Makes the object, sparse, `size` bytes, with exactly `mode`. Fails if the name exists; whatever fails, no object
    // is left behind.
    [[nodiscard]] static bool create(const std::string& name, std::uint64_t size, mode_t mode,
                                     Segment& out, std::string& error);
    // Opens a regular file of at least `least_size` bytes, owned by `owner` or root, that one name alone points to.
    // The whole object is mapped.
    // `reason`: the system's errno; 0 if it is not the system that objects.
    [[nodiscard]] static bool open(const std::string& name, Access access, uid_t owner,
                                   std::uint64_t least_size, Segment& out, std::string& error,
                                   int* reason = nullptr);
    static bool unlink(const std::string& name) noexcept;

    std::byte* data() const noexcept { return static_cast<std::byte*>(region_.get_address()); }
    std::uint64_t size() const noexcept { return region_.get_size(); }
    explicit operator bool() const noexcept { return region_.get_size() != 0; }
    uid_t owner() const noexcept { return owner_; }

    // Lets one more user read the object, who is not its owner and so can change neither its mode nor its bytes: an
    // access control list, since a group may have other members. Only between create and release_descriptor. False: the
    // file system has none.
    [[nodiscard]] bool let_read(uid_t uid) noexcept;

    // Takes the write lock on one byte for as long as the mapping lives. Only between create or open and
    // release_descriptor. False: somebody else holds it.
    bool lock_byte(int byte) noexcept;
    void unlock_byte(int byte) noexcept;
    // Closes the descriptor; the mapping (and the lock) stay. Called by whoever needs the lock no more than once.
    void release_descriptor() noexcept;

    // Makes the pages of [offset, offset + length) present, so that no store into them can fault. False: no space.
    bool populate(std::uint64_t offset, std::uint64_t length) noexcept;
    // Gives the whole pages within [begin, end) back to the system; they read as zeros from then on.
    void discard(std::uint64_t begin, std::uint64_t end) noexcept;

    Segment() = default;
    ~Segment();
    Segment(Segment&& other) noexcept;
    Segment& operator=(Segment&& other) noexcept;

private:
    boost::interprocess::mapped_region region_;
    int descriptor_ = -1;
    uid_t owner_ = 0;
};

// True if somebody holds the write lock on `byte` of the object; false also if it is gone or can't be opened for
// reading by us (`missing` tells).
bool byte_is_locked(const std::string& name, int byte, bool* missing = nullptr) noexcept;

}  // namespace tidemark::shm
