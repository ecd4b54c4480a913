// SPDX-License-Identifier: Apache-2.0
//
// What nobody needs any more: images that ended long ago, objects of makers that died, and everything of an instance.
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/drain/predecessor.hpp"
#include "collector/drain/registry.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

// Images forgotten, while others run and once none does.
constexpr std::size_t kTrimAfter = 1000;
constexpr std::size_t kTrimAfterRush = 100;
constexpr time_t kBeingMade_s = 10;  // no maker takes so long between making a file and locking it

bool is_younger_than(const std::string& object, time_t seconds) {
    struct stat status = {};
    if (lstat(("/dev/shm/" + object).c_str(), &status) != 0) return true;
    return time(nullptr) - status.st_mtime < seconds;
}

}  // namespace

std::vector<Image*> Registry::forget_old(std::uint64_t now_ns) {
    std::vector<Image*> handed_on;
    while (!exited_.empty()) {
        const auto place = images_.find(exited_.front());
        if (place != images_.end() && now_ns < place->second->forget_at_ns) return handed_on;
        exited_.pop_front();
        if (place == images_.end()) continue;
        publisher_.remove(*place->second);
        auto& by_pid = place->second->is_told_by_socket() ? by_socket_pid_ : by_pid_;
        const auto newest = by_pid.find(place->second->identity.pid);
        if (newest != by_pid.end() && newest->second == place->first) by_pid.erase(newest);
        shm::Segment::unlink(Account::name_of(configuration_.instance, place->first));
        hand_on(place->first, handed_on);
        images_.erase(place);
        ++forgotten_;
    }
    // After a storm of short-lived programs the heap is mostly holes; what is left of it goes back.
    if (forgotten_ >= (alive_.empty() ? kTrimAfterRush : kTrimAfter)) {
        forgotten_ = 0;
        malloc_trim(0);
    }
    return handed_on;
}

// What an image became by exec stays the child of the process that started both.
void Registry::hand_on(std::uint64_t forgotten, std::vector<Image*>& handed_on) {
    for (Image* image : alive_) {
        if (image->identity.parent_image != forgotten || image->identity.forked || !image->ring)
            continue;
        image->identity.parent_image = starter_of(image->ring->identity());
        handed_on.push_back(image);
    }
}

std::vector<std::string> Registry::remove_unfinished() {
    std::vector<std::string> removed;
    for (const std::string& name : objects_with_prefix(shm::kTemporaryPrefix)) {
        // A ring being made is locked by its maker as soon as it is there; one that nobody locks was left by a maker
        // that died.
        bool missing = false;
        if (is_younger_than(name, kBeingMade_s)) continue;
        if (shm::byte_is_locked(name, shm::kProducerLockByte, &missing) || missing) continue;
        if (shm::Segment::unlink(name)) removed.push_back(name);
    }
    return removed;
}

std::vector<std::string> Registry::clean() {
    std::vector<std::string> removed = remove_unfinished();
    const auto remove = [&](const std::string& name) {
        if (shm::Segment::unlink(name)) removed.push_back(name);
    };
    const std::string accounts = "tidemark." + configuration_.instance + ".account.";
    for (const std::string& name : objects_with_prefix(accounts)) {
        const std::uint64_t number = std::strtoull(name.c_str() + accounts.size(), nullptr, 16);
        if (images_.count(number) != 0) continue;
        std::string error;
        if (Account::open(name, configuration_.limits, error) || was_never_finished(name))
            remove(name);
        else
            log_notice(error);
    }
    return removed;
}

std::map<std::uint32_t, std::uint64_t> Registry::ring_bytes() const {
    std::map<std::uint32_t, std::uint64_t> bytes{{geteuid(), 0}};
    for_each_object(shm::kRingPrefix, [&](const std::string& name) {
        struct stat status = {};
        if (lstat(("/dev/shm/" + name).c_str(), &status) != 0) return;
        bytes[status.st_uid] += static_cast<std::uint64_t>(status.st_blocks) * 512;
    });
    return bytes;
}

void Registry::remove_all() {
    for (const auto& [number, image] : images_) {
        if (image->ring) shm::Segment::unlink(image->ring->name());
        shm::Segment::unlink(Account::name_of(configuration_.instance, number));
    }
    images_.clear();
}

}  // namespace tidemark::collector
