// SPDX-License-Identifier: Apache-2.0
//
// Whether an object is a ring for this collector: looked at, mapped, checked in a copy, locked.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "collector/drain/ring.hpp"
#include "shm/bell_ring.hpp"
#include "shm/call_sites.hpp"
#include "shm/clock.hpp"
#include "shm/fault_guard.hpp"

namespace tidemark::collector {
namespace {

// Address space is shared by all rings: one of many terabytes, which costs its maker nothing, would take it from others.
constexpr std::uint64_t kLargestObject =
    shm::kMaxRingBudget + shm::call_site_bytes(shm::kMostFrames) + shm::kBlocksOffset;

}  // namespace

std::unique_ptr<Ring> Ring::attach(const std::string& name, const std::string& instance,
                                   Refusal& why, std::string& error) {
    std::unique_ptr<Ring> ring(new Ring);
    ring->name_ = name;
    why = ring->open(error);
    if (why == Refusal::kNone) why = ring->judge(instance, error);
    if (why != Refusal::kNone) return nullptr;
    ring->segment_.release_descriptor();
    return ring;
}

Ring::Refusal Ring::open(std::string& error) {
    const std::string path = "/dev/shm/" + name_;
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0) {
        error = "cannot look at " + path + ": gone";
        return Refusal::kBroken;
    }
    // Most junk is known by that alone, without opening it.
    const bool is_file = S_ISREG(status.st_mode);
    if (!is_file || static_cast<std::uint64_t>(status.st_size) < shm::kBlocksOffset) {
        error = "cannot attach " + path + ": " +
                (is_file ? "too small for a ring" : "not a regular file") + "; it is left alone";
        return Refusal::kBroken;
    }
    // Root serves everybody's rings: the owner is then whoever owns it, and its pid must agree (registry_door.cpp).
    const uid_t expected = geteuid() == 0 ? status.st_uid : geteuid();
    if (status.st_uid != expected) return Refusal::kNotOurs;
    int reason = 0;
    if (!shm::Segment::open(name_, shm::Segment::Access::kReadWrite, expected, shm::kBlocksOffset,
                            segment_, error, &reason)) {
        const bool is_short = reason == EMFILE || reason == ENFILE || reason == ENOMEM;
        return is_short ? Refusal::kExhausted : Refusal::kBroken;
    }
    guard_ = shm::FaultGuard::add(segment_.data(), segment_.size());
    if (guard_ < 0) {
        error = "cannot attach " + path + ": as many rings are attached as can be guarded";
        return Refusal::kExhausted;
    }
    std::memcpy(static_cast<void*>(&copy_), segment_.data(), sizeof copy_);
    return Refusal::kNone;
}

Ring::Refusal Ring::judge(const std::string& instance, std::string& error) {
    if (!check(error)) {
        // What names another instance is that one's to tell of.
        const bool is_ring = copy_.magic == shm::kRingMagic && *copy_.instance != '\0';
        return is_ring && instance != copy_.instance ? Refusal::kNotOurs : Refusal::kBroken;
    }
    call_sites_ = call_site_places(segment_.data(), segment_.size(), copy_.stacks_offset,
                                   copy_.modules_offset, copy_.stack_frames);
    const bool takes = *copy_.instance != '\0'
                           ? instance == copy_.instance
                           : shm::takes_unnamed_rings(instance.c_str(), owner());
    if (!takes) return Refusal::kNotOurs;
    return segment_.lock_byte(shm::kConsumerLockByte) ? Refusal::kNone : Refusal::kTaken;
}

bool Ring::check(std::string& error) {
    copy_.instance[sizeof copy_.instance - 1] = '\0';
    copy_.name[sizeof copy_.name - 1] = '\0';
    copy_.command[sizeof copy_.command - 1] = '\0';
    char name[sizeof shm::kRingPrefix + 16];
    std::snprintf(name, sizeof name, "%s%016llx", shm::kRingPrefix,
                  static_cast<unsigned long long>(copy_.image));
    const char* wrong = nullptr;
    if (copy_.magic != shm::kRingMagic)
        wrong = "it does not begin as a ring segment";
    else if (copy_.byte_order != shm::kRingByteOrder)
        wrong = "another byte order";
    else if (copy_.major != shm::kRingMajor)
        wrong = "made by another version of the producer library";
    else if (copy_.features_incompatible != 0)
        wrong = "it needs features that this collector lacks";
    else if (copy_.lane_count != shm::kMaxLanes || copy_.lane_size != sizeof(shm::Lane) ||
             copy_.lanes_offset != shm::kLanesOffset || copy_.blocks_offset != shm::kBlocksOffset ||
             copy_.object_size != segment_.size()) {
        wrong = "its layout contradicts its version";
    } else if (copy_.object_size > kLargestObject) {
        wrong = "it is larger than any ring may be";
    } else if (copy_.clock_kind != static_cast<std::uint32_t>(shm::ClockKind::kMonotonic) &&
               copy_.clock_kind != static_cast<std::uint32_t>(shm::choose_clock())) {
        wrong = "it is stamped by a clock that is not trusted here";
    } else if (copy_.image == 0 || name_ != name) {
        wrong = "its name is not its image";
    } else if (copy_.uid != segment_.owner()) {
        wrong = "it claims another user";
    }
    if (wrong == nullptr) return true;
    error = "cannot attach /dev/shm/" + name_ + ": " + wrong + "; it is left alone";
    return false;
}

}  // namespace tidemark::collector
