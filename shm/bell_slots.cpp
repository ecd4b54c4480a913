// SPDX-License-Identifier: Apache-2.0
#include "shm/bell_slots.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "shm/bell_ring.hpp"
#include "shm/clock.hpp"
#include "shm/fault_guard.hpp"
#include "shm/kill_point.hpp"
#include "shm/untracked.hpp"

namespace tidemark::shm {
namespace {

constexpr std::uint64_t kAbandonedNs = 10'000'000'000;
constexpr std::uint64_t kMostUntracked = std::uint64_t{1} << 40;  // of a user; no sum of them wraps
constexpr std::uint64_t kTryAgainNs = 1'000'000'000;              // where no slot was to be had

std::string page_name(std::uint32_t uid) { return kBellPrefix + std::to_string(uid); }

// The page may be there, short, or not there: all are fine, since all zero is its first state.
void make_page(std::uint32_t uid) noexcept {
    const std::string path = kShmDirectory + page_name(uid);
    TIDEMARK_KILL_POINT("bell.make");
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) return;
    TIDEMARK_KILL_POINT("bell.size");
    struct stat status = {};
    // Another name of it (a hard link) would hand over what belongs elsewhere.
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1) {
        if (status.st_uid == 0 && uid != 0 && status.st_size == 0) {
            if (fchown(descriptor, uid, static_cast<gid_t>(-1)) != 0) status.st_size = 0;
        }
        if (status.st_size < static_cast<off_t>(sizeof(BellPage)) &&
            ftruncate(descriptor, sizeof(BellPage)) != 0) {
            status.st_size = 0;
        }
    }
    close(descriptor);
}

bool is_free(const BellSlot& slot, const std::string& instance, std::uint64_t now_ns) noexcept {
    if (slot.collector_pid == 0) return true;
    if (std::strncmp(slot.instance, instance.c_str(), sizeof slot.instance) == 0)
        return true;  // ours, from before
    const bool silent = now_ns - slot.heartbeat_ns > kAbandonedNs;
    return silent && kill(slot.collector_pid, 0) != 0 && errno == ESRCH;
}

// Its user may cut the page off at any time: a guard for as long as somebody looks at it.
class Guarded {
public:
    explicit Guarded(const Segment& segment) noexcept
        : guard_(FaultGuard::add(segment.data(), segment.size())) {}
    ~Guarded() { FaultGuard::remove(guard_); }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    bool holds() const noexcept { return guard_ >= 0; }

private:
    int guard_;
};

}  // namespace

BellSlots::Page::~Page() { FaultGuard::remove(guard); }

BellSlots::~BellSlots() {
    for (auto& [uid, page] : pages_) {
        if (page.slot < 0) continue;
        TIDEMARK_SHARED_STORE(
            "bell.leave", __atomic_store_n(&page.mine().waiting, kNotWaiting, __ATOMIC_RELAXED));
        TIDEMARK_SHARED_STORE(
            "bell.leave_heartbeat",
            __atomic_store_n(&page.mine().heartbeat_ns, std::uint64_t{0}, __ATOMIC_RELAXED));
        TIDEMARK_SHARED_STORE("bell.leave_pid",
                              __atomic_store_n(&page.mine().collector_pid, 0, __ATOMIC_RELAXED));
    }
}

bool BellSlots::open_page(std::uint32_t uid, Page& out) const {
    make_page(uid);
    std::string error;
    FaultGuard::remove(std::exchange(out.guard, -1));
    if (!Segment::open(page_name(uid), Segment::Access::kReadWrite, uid, sizeof(BellPage),
                       out.segment, error)) {
        return false;
    }
    out.guard = FaultGuard::add(out.segment.data(), out.segment.size());
    if (out.guard < 0) return false;  // its user could cut it off under us: its rings are polled
    return out.segment.populate(0, sizeof(BellPage));
}

// A page that its user cut off is no bell any more: its rings are polled until there is one again.
void BellSlots::drop_faulted() noexcept {
    for (auto& [uid, page] : pages_) {
        if (page.slot < 0 || !FaultGuard::faulted(page.guard)) continue;
        page.slot = -1;
        ++version_;
        page.try_again_ns = monotonic_ns() + kTryAgainNs;
    }
}

int BellSlots::slot_for(std::uint32_t uid) {
    const auto [place, fresh] = pages_.try_emplace(uid);
    Page& page = place->second;
    if (page.slot >= 0) return page.slot;
    if (!fresh && monotonic_ns() < page.try_again_ns) return -1;
    page.try_again_ns = monotonic_ns() + kTryAgainNs;
    if (open_page(uid, page)) {
        page.slot = claim(page);
        ++version_;
        // Which collector they would have had is not known: those from before are told by the default ones only.
        page.takes_unnamed = takes_unnamed_rings(instance_.c_str(), uid);
        page.unknown_before = page.takes_unnamed ? 0 : untracked_without_name(*page.page());
    }
    drop_faulted();
    return page.slot;
}

// Under the page's lock, so that two collectors never take one slot. A collector that finds it held is polled for.
int BellSlots::claim(Page& page) const noexcept {
    const std::uint64_t now = monotonic_ns();
    if (!page.segment.lock_byte(0)) return -1;
    int found = -1;
    for (std::uint32_t i = 0; i < kBellSlots && found < 0; ++i) {
        if (is_free(page.page()->slots[i], instance_, now)) found = static_cast<int>(i);
    }
    if (found >= 0) {
        BellSlot& slot = page.page()->slots[found];
        TIDEMARK_SHARED_STORE("bell.claim",
                              __atomic_store_n(&slot.waiting, kNotWaiting, __ATOMIC_RELAXED));
        TIDEMARK_KILL_POINT("bell.claim_instance");
        std::memset(slot.instance, 0, sizeof slot.instance);
        std::strncpy(slot.instance, instance_.c_str(), sizeof slot.instance - 1);
        slot.generation = generation_;
        for (std::uint64_t& news : slot.news)
            TIDEMARK_SHARED_STORE("bell.claim_news",
                                  __atomic_store_n(&news, std::uint64_t{0}, __ATOMIC_RELAXED));
        TIDEMARK_SHARED_STORE("bell.claim_heartbeat",
                              __atomic_store_n(&slot.heartbeat_ns, now, __ATOMIC_RELAXED));
        TIDEMARK_SHARED_STORE("bell.claim_pid",
                              __atomic_store_n(&slot.collector_pid, getpid(), __ATOMIC_RELAXED));
    }
    page.segment.unlock_byte(0);
    page.segment.release_descriptor();
    return found;
}

bool BellSlots::lacks_slot() const noexcept {
    return std::any_of(pages_.begin(), pages_.end(),
                       [](const auto& entry) { return entry.second.slot < 0; });
}

// SYNC(bell): a bit hands nothing over. Who takes it looks at the ring's heads until after the next barrier.
void BellSlots::take_news(
    const std::function<void(std::uint32_t uid, std::uint32_t group)>& visit) {
    for (auto& [uid, page] : pages_) {
        for (std::uint32_t i = 0; page.slot >= 0 && i < kNewsGroups / 64; ++i) {
            std::uint64_t& shared = page.mine().news[i];
            if (__atomic_load_n(&shared, __ATOMIC_RELAXED) == 0) continue;
            std::uint64_t news = 0;
            TIDEMARK_SHARED_STORE(
                "bell.take_news",
                news = __atomic_exchange_n(&shared, std::uint64_t{0}, __ATOMIC_RELAXED));
            for (; news != 0; news &= news - 1)
                visit(uid, 64 * i + static_cast<std::uint32_t>(__builtin_ctzll(news)));
        }
    }
}

void BellSlots::heartbeat(std::uint64_t now_ns) noexcept {
    for (auto& [uid, page] : pages_) {
        if (page.slot < 0) continue;
        TIDEMARK_SHARED_STORE("bell.heartbeat", __atomic_store_n(&page.mine().heartbeat_ns, now_ns,
                                                                 __ATOMIC_RELAXED));
    }
    drop_faulted();
}

// A page's count is its user's word: one that runs backwards says nothing, and none takes another's away.
std::uint64_t BellSlots::untracked_images() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [uid, page] : pages_) {
        if (page.slot < 0) continue;
        const std::uint64_t unknown = untracked_without_name(*page.page());
        std::uint64_t of_user = untracked_by_name(*page.page(), instance_.c_str());
        if (page.takes_unnamed) of_user += untracked_by_name(*page.page(), "");
        if (unknown > page.unknown_before) of_user += unknown - page.unknown_before;
        sum += std::min(of_user, kMostUntracked);
    }
    return sum;
}

void BellSlots::set_undrained(std::uint32_t uid, std::uint64_t bytes) noexcept {
    const auto place = pages_.find(uid);
    if (place == pages_.end() || place->second.slot < 0) return;
    TIDEMARK_SHARED_STORE("bell.undrained", __atomic_store_n(&place->second.page()->undrained_bytes,
                                                             bytes, __ATOMIC_RELAXED));
}

bool live_collector_of(std::uint32_t uid, const std::string& instance) {
    Segment segment;
    std::string error;
    if (!Segment::open(page_name(uid), Segment::Access::kReadOnly, uid, sizeof(BellPage), segment,
                       error))
        return false;
    const Guarded guarded(segment);
    if (!guarded.holds()) return false;  // not looked at rather than ended by a fault
    const std::uint64_t now = monotonic_ns();
    const auto* page = reinterpret_cast<const BellPage*>(segment.data());
    for (const BellSlot& slot : page->slots) {
        if (std::strncmp(slot.instance, instance.c_str(), sizeof slot.instance) == 0 &&
            slot.collector_pid != 0 && heartbeat_is_fresh(slot, now)) {
            return true;
        }
    }
    return false;
}

}  // namespace tidemark::shm
