// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/proxy_ring.hpp"

#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>

#include "shm/bell_ring.hpp"
#include "shm/clock.hpp"
#include "shm/fault_guard.hpp"
#include "shm/identity_raw.hpp"
#include "shm/ring_header.hpp"

namespace tidemark::collector::gateway {
namespace {

// Enough for all blocks of one lane but the last: 512, 2 Ki, 8 Ki and 16 Ki events.
constexpr std::uint64_t kRingBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kFirstBlockBytes = shm::kFirstBlockEvents * sizeof(shm::Event);

// Who rings must be registered for the sleeper's barrier (SYNC(bell)).
bool can_ring() {
    static const bool registered =
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
    return registered;
}

// A fault of a guarded range must reach its handler: one that is blocked ends the process.
class QuietButForFaults {
public:
    QuietButForFaults() noexcept {
        sigset_t faults;
        sigemptyset(&faults);
        sigaddset(&faults, SIGBUS);
        pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
    }

private:
    shm::SignalsBlocked all_;
};

shm::BellPage* bell_of(uid_t uid) {
    static std::map<uid_t, shm::BellPage*> pages;  // the event loop's thread only; a page a user
    const auto [place, fresh] = pages.try_emplace(uid, nullptr);
    if (place->second != nullptr) return place->second;
    place->second = shm::map_bell(uid);
    if (place->second == nullptr || shm::FaultGuard::add(place->second, sizeof *place->second) >= 0)
        return place->second;
    munmap(place->second, sizeof *place->second);  // its user could cut it off under us
    return place->second = nullptr;
}

std::string temporary_path(std::uint64_t number) {
    char path[96];
    std::snprintf(path, sizeof path, "%s%s%016llx", shm::kShmDirectory, shm::kTemporaryPrefix,
                  static_cast<unsigned long long>(number));
    return path;
}

void copy_text(char* to, std::size_t size, const std::string& text) {
    to[text.copy(to, size - 1)] = '\0';
}

}  // namespace

std::unique_ptr<ProxyRing> ProxyRing::make(const Peer& peer, const std::string& instance,
                                           std::string& error) {
    std::unique_ptr<ProxyRing> made(new ProxyRing);
    const QuietButForFaults quiet;
    const auto failed = [&](const char* what, int reason) {
        error = std::string("cannot track socket client ") + std::to_string(peer.pid) + ": " +
                what + ": " + std::strerror(reason) + "; its events are counted as lost";
        return nullptr;
    };
    if (const int e = shm::create_ring(shm::random_image_id(), kRingBytes, made->ring_)) {
        made->ring_.base = nullptr;
        return failed("no ring in /dev/shm", e);
    }
    made->guard_ = shm::FaultGuard::add(made->ring_.base, made->ring_.size);
    if (made->guard_ < 0) return failed("as many rings as can be guarded", ENOMEM);
    if (!made->fill(peer, instance, error)) return nullptr;
    if (const int e = shm::publish_ring(made->ring_)) {
        made->ring_.base = nullptr;
        return failed("the ring could not be named", e);
    }
    return made;
}

bool ProxyRing::fill(const Peer& peer, const std::string& instance, std::string& error) {
    // The object belongs to whom it tells of, as a ring of its own would.
    const std::string path = temporary_path(ring_.temporary);
    const bool given =
        peer.uid == geteuid() || lchown(path.c_str(), peer.uid, static_cast<gid_t>(-1)) == 0;
    if (!given || shm::populate(ring_, shm::kBlocksOffset, kFirstBlockBytes) != 0) {
        error = "cannot track socket client " + std::to_string(peer.pid) +
                (given ? ": no space in /dev/shm" : ": only root can serve another user") +
                "; its events are counted as lost";
        shm::discard_ring(ring_);
        ring_.base = nullptr;
        return false;
    }
    bell_ = can_ring() ? bell_of(peer.uid) : nullptr;
    clock_ = shm::choose_clock();
    shm::RingHeader& h = shm::begin_ring_header(ring_);
    shm::Identity self{};
    shm::read_own_identity(self);
    h.pid_namespace = self.pid_namespace;  // the kernel translated the peer's pid into ours
    h.pid = peer.pid;
    h.start_ticks = peer.start_ticks;
    h.uid = peer.uid;
    h.clock_kind = static_cast<std::uint32_t>(clock_);
    h.attach_stamp = shm::read_clock(clock_);
    h.origin = TIDEMARK_ORIGIN_SOCKET;
    h.poll_me = bell_ == nullptr;
    h.membarrier = bell_ != nullptr;
    copy_text(h.instance, sizeof h.instance, instance);
    copy_text(h.name, sizeof h.name, peer.name);
    // Not /proc/PID/cmdline: reading it can block for as long as its owner likes.
    copy_text(h.command, sizeof h.command, peer.name);
    auto& lane = reinterpret_cast<shm::Lane*>(ring_.base + shm::kLanesOffset)[0];
    lane.first_offset = shm::kBlocksOffset;
    lane.first_capacity = shm::kFirstBlockEvents;
    lane.owner = static_cast<std::uint32_t>(peer.pid);
    next_block_ = shm::kBlocksOffset + kFirstBlockBytes;
    writer_.begin(ring_.base, lane, shm::kBlocksOffset, shm::kFirstBlockEvents, 0);
    shm::publish_lanes(h, 1);
    return true;
}

ProxyRing::~ProxyRing() {
    shm::FaultGuard::remove(guard_);
    if (ring_.base != nullptr) munmap(ring_.base, ring_.size);
}

void ProxyRing::grow(std::uint64_t at) noexcept {
    const QuietButForFaults quiet;
    const std::uint32_t events = shm::kGrowthEvents[writer_.links];
    const std::uint64_t bytes = std::uint64_t{events} * sizeof(shm::Event);
    if (next_block_ + bytes > ring_.size || shm::populate(ring_, next_block_, bytes) != 0) {
        writer_.links = 3;  // never again: it waits instead
        return;
    }
    writer_.link(at, ring_.base, next_block_, events, shm::read_clock(clock_));
    next_block_ += bytes;
}

bool ProxyRing::append(shm::Event event) noexcept {
    std::uint64_t at = writer_.head();
    while (!writer_.has_room(at)) {
        const std::uint64_t used = writer_.look(at);
        // While it may grow, the last record is kept for the link.
        const std::uint64_t usable = writer_.capacity() - (writer_.links < 3 ? 1 : 0);
        if (used < usable) {
            writer_.allow(at, usable - used);
        } else if (writer_.links < 3) {
            grow(at);
            at = writer_.head();
        } else {
            return false;
        }
    }
    event.stamp = shm::read_clock(clock_);
    writer_.append(at, event);
    return true;
}

void ProxyRing::wake() noexcept {
    shm::publication_comes_first();
    shm::BellSlot* slot = shm::consumer_bell(bell_, header());
    if (slot == nullptr) return;
    shm::tell_news(*slot, header());
    if (shm::is_waiting(*slot)) shm::ring(*slot);
}

void ProxyRing::count_lost(tidemark_loss_cause cause, const shm::LossCounter& lost) noexcept {
    shm::LossCounter& counter = header().loss[cause];
    TIDEMARK_SHARED_STORE("proxy.loss", {
        __atomic_fetch_add(&counter.allocations, lost.allocations, __ATOMIC_RELAXED);
        __atomic_fetch_add(&counter.frees, lost.frees, __ATOMIC_RELAXED);
        __atomic_fetch_add(&counter.bytes, lost.bytes, __ATOMIC_RELAXED);
    });
}

}  // namespace tidemark::collector::gateway
