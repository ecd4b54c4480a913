// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/ring.hpp"

#include <algorithm>
#include <cstring>

#include "shm/bell_ring.hpp"
#include "shm/fault_guard.hpp"
#include "shm/kill_point.hpp"

namespace tidemark::collector {
namespace {

void copy_device(shm::DeviceDeclaration& to, const shm::DeviceDeclaration& from) noexcept {
    // SYNC(declare): as for pools.
    if (__atomic_load_n(&from.ready, __ATOMIC_ACQUIRE) != 1) return;
    to.ready = 1;
    to.device = from.device;
    for (int memory = 0; memory < TIDEMARK_MEMORY_COUNT; ++memory)
        to.capacity[memory] = __atomic_load_n(&from.capacity[memory], __ATOMIC_RELAXED);
    // SYNC(declare): a name may come later; its first byte says that the rest of it is there.
    to.name[0] = __atomic_load_n(&from.name[0], __ATOMIC_ACQUIRE);
    if (to.name[0] != '\0') std::memcpy(to.name + 1, from.name + 1, sizeof to.name - 2);
}

constexpr std::uint64_t kMostLost = std::uint64_t{1} << 48;

}  // namespace

Ring::~Ring() { shm::FaultGuard::remove(guard_); }

void Ring::resume(const std::vector<shm::LanePosition>& positions) {
    lanes_.clear();
    for (std::uint32_t i = 0; i < positions.size(); ++i) {
        lanes_.emplace_back(segment_.data(), segment_.size(), i);
        // The object may be another one than the account was made for, under the same name and smaller.
        if (!lanes_.back().resume(positions[i])) put_in_quarantine(TIDEMARK_QUARANTINE_HEADER);
    }
}

void Ring::announce(int slot, std::uint32_t generation) noexcept {
    shm::RingHeader& h = header();
    announced_slot_ = slot;
    is_quiet_ = false;
    TIDEMARK_SHARED_STORE("attach.slot",
                          __atomic_store_n(&h.consumer_slot, slot, __ATOMIC_RELAXED));
    TIDEMARK_SHARED_STORE("attach.generation",
                          __atomic_store_n(&h.consumer_generation, generation, __ATOMIC_RELAXED));
    // SYNC(attach): pairs with the producer's acquire; who sees it finds slot and generation.
    TIDEMARK_SHARED_STORE(
        "attach.done", __atomic_store_n(&h.consumer_attached, std::uint64_t{1}, __ATOMIC_RELEASE));
}

std::vector<shm::LaneReader>& Ring::lanes() {
    // SYNC(lane-claim): acquire pairs with the claimer's release, so that the lane's first block is there.
    std::uint32_t used = __atomic_load_n(&header().lanes_used, __ATOMIC_ACQUIRE);
    if (used > shm::kMaxLanes) {
        put_in_quarantine(TIDEMARK_QUARANTINE_HEADER);
        used = 0;
    }
    for (auto i = static_cast<std::uint32_t>(lanes_.size()); i < 2 * used; ++i) {
        lanes_.emplace_back(segment_.data(), segment_.size(), i);
    }
    return lanes_;
}

bool Ring::has_news() {
    if (quarantine() == TIDEMARK_QUARANTINE_NONE) {
        for (shm::LaneReader& lane : lanes()) {
            if (lane.head() != lane.cursor.position) return true;
        }
    }
    // A quarantine is news once: until the account, and with it every reader, knows.
    const auto reason = static_cast<std::uint32_t>(quarantine());
    return reason != TIDEMARK_QUARANTINE_NONE && account != nullptr &&
           account->state.quarantine != reason;
}

bool Ring::was_drained() {
    const std::vector<shm::LaneReader>& all = lanes();
    return std::any_of(all.begin(), all.end(), [](const auto& lane) { return lane.was_drained(); });
}

bool Ring::must_be_polled() const noexcept {
    constexpr int kMostUntold = 3;  // once may be an event under way
    return announced_slot_ < 0 || untold_ >= kMostUntold ||
           __atomic_load_n(&header().membarrier, __ATOMIC_RELAXED) != 1 ||
           __atomic_load_n(&header().poll_me, __ATOMIC_RELAXED) != 0;
}

bool Ring::be_quiet(std::uint32_t group) noexcept {
    if ((copy_.features_compatible & shm::kTellsNews) == 0 || must_be_polled()) return false;
    if (is_quiet_) return true;
    is_quiet_ = true;
    // SYNC(bell): before the barrier of announce_waiting().
    TIDEMARK_SHARED_STORE(
        "bell.quiet", __atomic_store_n(&header().consumer_slot,
                                       shm::quiet_word(announced_slot_, group), __ATOMIC_RELAXED));
    return true;
}

void Ring::be_watched() noexcept {
    if (!is_quiet_) return;
    is_quiet_ = false;
    TIDEMARK_SHARED_STORE("bell.watched", __atomic_store_n(&header().consumer_slot, announced_slot_,
                                                           __ATOMIC_RELAXED));
}

bool Ring::sandboxed() const noexcept {
    return __atomic_load_n(&header().poll_me, __ATOMIC_RELAXED) == 2;
}

void Ring::read_loss(shm::LossCounter (&out)[TIDEMARK_LOSS_CAUSE_COUNT]) const noexcept {
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        const shm::LossCounter& from = header().loss[cause];
        // Others' losses are added to these: a lie must not make the sum wrap.
        const auto said = [](const std::uint64_t& word) {
            return std::min(__atomic_load_n(&word, __ATOMIC_RELAXED), kMostLost);
        };
        out[cause] = {said(from.allocations), said(from.frees), said(from.bytes)};
    }
}

std::uint32_t Ring::modules_used() const noexcept {
    // SYNC(modules): acquire pairs with the producer's release, so that the entries below it are complete.
    return __atomic_load_n(&header().modules_used, __ATOMIC_ACQUIRE);
}

std::uint64_t Ring::stacks_dropped() const noexcept {
    return __atomic_load_n(&header().stacks_dropped, __ATOMIC_RELAXED);
}

std::uint32_t Ring::declaration_count() const noexcept {
    const auto* from =
        reinterpret_cast<const shm::Declarations*>(segment_.data() + shm::kDeclarationsOffset);
    std::uint32_t count = 0;
    for (const shm::PoolDeclaration& pool : from->pools)
        count += __atomic_load_n(&pool.ready, __ATOMIC_RELAXED) == 1;
    for (const shm::DeviceDeclaration& device : from->devices) {
        count += __atomic_load_n(&device.ready, __ATOMIC_RELAXED) == 1;
        count += __atomic_load_n(&device.name[0], __ATOMIC_RELAXED) != 0;
        for (const std::uint64_t& capacity : device.capacity) {
            count += __atomic_load_n(&capacity, __ATOMIC_RELAXED) != 0;
        }
    }
    return count;
}

// Only what is complete is looked at: the producer may be writing the rest.
shm::Declarations Ring::declarations() const noexcept {
    shm::Declarations copy{};
    const auto* from =
        reinterpret_cast<const shm::Declarations*>(segment_.data() + shm::kDeclarationsOffset);
    for (std::uint32_t i = 0; i < shm::kNamedPools; ++i) {
        // SYNC(declare): a declaration whose mark was not seen with acquire is as if absent.
        if (__atomic_load_n(&from->pools[i].ready, __ATOMIC_ACQUIRE) != 1) continue;
        copy.pools[i] = from->pools[i];
        copy.pools[i].name[sizeof copy.pools[i].name - 1] = '\0';
    }
    for (std::uint32_t i = 0; i < shm::kDeclaredDevices; ++i)
        copy_device(copy.devices[i], from->devices[i]);
    copy.refused = __atomic_load_n(&from->refused, __ATOMIC_RELAXED);
    return copy;
}

void Ring::give_back(const std::vector<shm::LanePosition>& committed) noexcept {
    for (std::size_t i = 0; i < committed.size() && i < lanes_.size(); ++i) {
        lanes_[i].release_space(committed[i].position);
    }
}

void Ring::mark_published(const std::vector<shm::LanePosition>& committed) noexcept {
    for (std::size_t i = 0; i < committed.size() && i < lanes_.size(); ++i) {
        lanes_[i].mark_published(committed[i].position);
    }
}

tidemark_quarantine Ring::quarantine() const noexcept {
    return shm::FaultGuard::faulted(guard_) ? TIDEMARK_QUARANTINE_TRUNCATED : quarantine_;
}

void Ring::put_in_quarantine(tidemark_quarantine reason) noexcept {
    if (quarantine_ == TIDEMARK_QUARANTINE_NONE) quarantine_ = reason;
}

}  // namespace tidemark::collector
