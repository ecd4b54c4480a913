// SPDX-License-Identifier: Apache-2.0
//
// An attached ring segment: mapped, its consumer role taken, its header checked once and then held as a copy. Nothing
// in it is believed: a fault, an impossible index or record quarantines the ring, and it is not read again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collector/drain/account.hpp"
#include "collector/drain/call_sites.hpp"
#include "shm/lane_reader.hpp"
#include "shm/segment.hpp"

namespace tidemark::collector {

// Drain thread only.
class Ring {
public:
    enum class Refusal { kNone, kNotOurs, kTaken, kBroken, kExhausted };

    // Maps and checks the object and takes the consumer's lock for the collector of that instance. Null: `why` and
    // `error` say why not. kExhausted: no descriptor or no map was to be had.
    static std::unique_ptr<Ring> attach(const std::string& name, const std::string& instance,
                                        Refusal& why, std::string& error);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    const std::string& name() const noexcept { return name_; }
    const shm::RingHeader& identity() const noexcept { return copy_; }
    uid_t owner() const noexcept { return segment_.owner(); }
    std::uint64_t object_size() const noexcept { return segment_.size(); }

    // Continues where the account stands; then tells the producer that somebody consumes, at bell slot `slot`.
    void resume(const std::vector<shm::LanePosition>& positions);
    void announce(int slot, std::uint32_t generation) noexcept;
    int announced_slot() const noexcept { return announced_slot_; }
    // Asks the producer to tell of news under `group`, since nobody will look at its lanes; or takes that back. Such a
    // ring must be looked at once more after the next barrier. False: its producer can't.
    bool be_quiet(std::uint32_t group) noexcept;
    void be_watched() noexcept;
    bool is_quiet() const noexcept { return is_quiet_; }
    // News of a quiet ring, found without being told of, or told of. Who fails to tell several times has no bell that
    // is heard here, and is polled.
    void found_untold() noexcept { ++untold_; }
    void told() noexcept { untold_ = 0; }

    // Lanes as far as the producer claimed them; finds new ones.
    std::vector<shm::LaneReader>& lanes();
    // True if some lane has records beyond its cursor.
    bool has_news();
    // True if somebody took events from it: without that one's account nobody can go on.
    bool was_drained();
    // Live words of the header, copied now.
    // True if its producer rings no bell, or none that is known here.
    bool must_be_polled() const noexcept;
    bool sandboxed() const noexcept;
    // Its stamps are CLOCK_MONOTONIC ns, whatever the machine's counter is.
    bool stamped_in_ns() const noexcept {
        return copy_.clock_kind == static_cast<std::uint32_t>(shm::ClockKind::kMonotonic);
    }
    void read_loss(shm::LossCounter (&out)[TIDEMARK_LOSS_CAUSE_COUNT]) const noexcept;
    // Call sites: where they lie, as far as that was checked; what the producer moves meanwhile, copied now.
    const CallSitePlaces& call_sites() const noexcept { return call_sites_; }
    std::uint32_t modules_used() const noexcept;
    std::uint64_t stacks_dropped() const noexcept;
    shm::Declarations declarations() const noexcept;
    std::uint32_t declaration_count() const noexcept;

    // After the commit: space back; after the publication: flushers told.
    void give_back(const std::vector<shm::LanePosition>& committed) noexcept;
    void mark_published(const std::vector<shm::LanePosition>& committed) noexcept;

    // None as long as the ring may be read.
    tidemark_quarantine quarantine() const noexcept;
    void put_in_quarantine(tidemark_quarantine reason) noexcept;
    // The producer let go of it: exited, executed another program, or died.
    bool producer_is_gone() const noexcept {
        return !shm::byte_is_locked(name_, shm::kProducerLockByte);
    }

    Account* account = nullptr;

private:
    Ring() = default;
    Refusal open(std::string& error);
    // What the copy of its header says: whether it is a ring, and whose.
    Refusal judge(const std::string& instance, std::string& error);
    bool check(std::string& error);
    shm::RingHeader& header() const noexcept {
        return *reinterpret_cast<shm::RingHeader*>(segment_.data());
    }

    std::string name_;
    shm::Segment segment_;
    shm::RingHeader copy_{};
    CallSitePlaces call_sites_;
    std::vector<shm::LaneReader> lanes_;
    int guard_ = -1;
    int announced_slot_ = -1;
    bool is_quiet_ = false;
    int untold_ = 0;
    tidemark_quarantine quarantine_ = TIDEMARK_QUARANTINE_NONE;
};

}  // namespace tidemark::collector
