// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/ledger.hpp"

#include <unistd.h>

#include <cstring>

#include "collector/drain/live_table.hpp"
#include "collector/drain/predecessor.hpp"
#include "collector/foreign_name.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kRecordsOffset = kLedgerRecordsOffset;
constexpr std::uint64_t kPassRecords = LiveTable::kMostRecords + 4096;
constexpr std::uint32_t kFirstNamedPool = 16;
static_assert(8192 + kLedgerRows * sizeof(LedgerRow) <= kRecordsOffset);

}  // namespace

std::string Ledger::name_of(const std::string& instance) {
    return "tidemark." + instance + ".ledger";
}

bool Ledger::open(const std::string& instance, bool& made, std::string& error) {
    const std::string name = name_of(instance);
    return make_at("/dev/shm/" + name, [&] {
        set_strange_ledger_aside(instance);
        return open_own(name, made, error);
    });
}

bool Ledger::open_own(const std::string& name, bool& made, std::string& error) {
    made = false;
    if (access(("/dev/shm/" + name).c_str(), F_OK) != 0) {
        if (!shm::Segment::create(name, kLedgerSize, 0600, segment_, error)) return false;
        made = true;
    } else if (!shm::Segment::open(name, shm::Segment::Access::kReadWrite, geteuid(), kLedgerSize,
                                   segment_, error)) {
        return false;
    }
    // A pass reserves its worst case, so the journal has room for one from the start: a collector that runs can drain.
    if (!segment_.populate(0, kRecordsOffset + kPassRecords * sizeof(UndoRecord))) {
        if (made) shm::Segment::unlink(name);
        error = "cannot reserve " +
                std::to_string(kRecordsOffset + kPassRecords * sizeof(UndoRecord)) +
                " bytes in /dev/shm for " + name + ": no space; free some or enlarge it";
        return false;
    }
    // A ledger killed while it was made is still all zero where the magic belongs.
    if (header().magic == 0) {
        made = true;
        header() = {};
        header().byte_order = shm::kRingByteOrder;
        header().major = kLedgerMajor;
        header().size = kLedgerSize;
        header().next_serial = 1;
        header().next_pool = kFirstNamedPool;
        publish_ledger(header());
    }
    auto* journal = reinterpret_cast<JournalHeader*>(segment_.data() + kJournalOffset);
    journal->capacity = kJournalRecords;
    journal_.attach(
        journal, reinterpret_cast<UndoRecord*>(segment_.data() + kRecordsOffset),
        [](void* self, std::uint64_t offset, std::uint64_t length) {
            return static_cast<shm::Segment*>(self)->populate(kRecordsOffset + offset, length);
        },
        &segment_);
    for (; row_count_ < kLedgerRows && rows()[row_count_].used != 0; ++row_count_)
        (void)shares_.take(maker(rows()[row_count_]));
    segment_.release_descriptor();
    return true;
}

LedgerRow* Ledger::find(std::uint32_t device, std::uint32_t pool, const char* name) noexcept {
    for (std::uint32_t i = 0; i < row_count_; ++i) {
        LedgerRow& candidate = rows()[i];
        if (candidate.device != device) continue;
        const bool same =
            pool < TIDEMARK_POOL_FIRST_NAMED
                ? candidate.pool == pool
                : std::strncmp(candidate.pool_name, name, sizeof candidate.pool_name) == 0;
        if (same) return &candidate;
    }
    return nullptr;
}

LedgerRow* Ledger::row(std::uint32_t device, std::uint32_t pool, const char* name,
                       std::uint32_t memory, std::uint32_t uid) {
    if (LedgerRow* known = find(device, pool, name)) return known;
    if (!shares_.take(uid)) return nullptr;
    LedgerRow& fresh = rows()[row_count_];
    fresh = {};
    fresh.device = device;
    fresh.pool = pool < TIDEMARK_POOL_FIRST_NAMED ? pool : header().next_pool++;
    fresh.memory = memory;
    std::memcpy(fresh.pool_name, name, sizeof fresh.pool_name);
    // A row without figures says nothing wrong, so it needs no undo.
    publish_row(fresh, uid);
    ++row_count_;
    return &fresh;
}

bool Ledger::undo(const UndoRecord& record) noexcept {
    return restore(segment_.data(), kRecordsOffset, record);
}

void Ledger::set(const std::uint64_t& place, std::uint64_t value) {
    if (place == value) return;
    const auto offset = reinterpret_cast<const std::byte*>(&place) - segment_.data();
    journal_.store(target(), static_cast<std::uint64_t>(offset), &value, 1);
}

void Ledger::assign(LedgerRow& place, const LedgerRow& value) {
    const auto offset = reinterpret_cast<const std::byte*>(&place) - segment_.data();
    journal_.assign(target(), static_cast<std::uint64_t>(offset), &value, sizeof value);
}

void Ledger::assign(const LedgerHeader& value) {
    journal_.assign(target(), 0, &value, sizeof value);
}

}  // namespace tidemark::collector
