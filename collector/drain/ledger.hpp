// SPDX-License-Identifier: Apache-2.0
//
// The instance's memory: what retired images add up to, the peaks of devices and pools, counters that outlive a
// collector, and the undo journal. One object, tidemark.<instance>.ledger, 0600.
//
//   0        LedgerHeader
//   4096     JournalHeader
//   8192     LedgerRow[kLedgerRows]
//   1 MiB    UndoRecord[kJournalRecords], sparse
#pragma once

#include <cstdint>
#include <string>

#include "collector/drain/journal.hpp"
#include "collector/shares.hpp"
#include "shm/ring_layout.hpp"
#include "shm/segment.hpp"

namespace tidemark::collector {

inline constexpr std::uint64_t kLedgerMagic = 0x52454744454C4D54ull;  // "TMLEDGER"
inline constexpr std::uint32_t kLedgerMajor = 1;
inline constexpr std::uint32_t kLedgerRows = 2048;
inline constexpr std::uint64_t kJournalRecords = 262144;
inline constexpr std::uint64_t kJournalOffset = 4096;
inline constexpr std::uint64_t kLedgerRecordsOffset = 1ull << 20;
inline constexpr std::uint64_t kLedgerSize =
    kLedgerRecordsOffset + kJournalRecords * sizeof(UndoRecord);

// A device's pool. Pools 0-6 by number; others by name, with numbers from 16 given in order of appearance.
struct LedgerRow {
    std::uint32_t used;  // 0: free; else one more than the uid of the user whose program came first
    std::uint32_t device;
    std::uint32_t pool;
    std::uint32_t memory;
    char pool_name[24];
    std::uint64_t peak;
    std::uint32_t peak_inexact;
    std::uint32_t inexact;  // a retired image's figures were
    std::uint64_t total_allocated, total_freed, freed_by_exit, superseded, allocations, frees;
    std::uint64_t lost_allocations, lost_frees, lost_bytes;
};
static_assert(sizeof(LedgerRow) % 8 == 0);

struct LedgerHeader {
    std::uint64_t magic;
    std::uint32_t byte_order;
    std::uint32_t major;
    std::uint64_t size;
    std::uint64_t generation;  // of the last collector
    std::uint32_t next_serial;
    std::uint32_t next_pool;
    std::uint64_t events, passes, processes_ended, recoveries, restarts;
    std::uint64_t audits, audit_differences;
    shm::LossCounter loss[TIDEMARK_LOSS_CAUSE_COUNT];  // of retired images
};
static_assert(sizeof(LedgerHeader) % 8 == 0);

// What a new ledger, or a new row, consists of is stored before the word that says so: who comes after a kill finds it
// complete or not at all. A row without figures says nothing wrong, so it needs no undo.
inline void publish_ledger(LedgerHeader& header) noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(journal)
    TIDEMARK_SHARED_STORE("ledger.magic", header.magic = kLedgerMagic);
}
inline void publish_row(LedgerRow& row, std::uint32_t uid) noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(journal)
    TIDEMARK_SHARED_STORE("ledger.row", row.used = uid + 1);
}

// Drain thread only.
class Ledger {
public:
    // Opens the instance's ledger or makes one; `made` tells which. One that can't be understood is kept under another
    // name (predecessor.hpp).
    [[nodiscard]] bool open(const std::string& instance, bool& made, std::string& error);
    static std::string name_of(const std::string& instance);

    Journal& journal() noexcept { return journal_; }
    Target target() const noexcept { return {segment_.data(), kLedgerSerial}; }
    LedgerHeader& header() noexcept { return *reinterpret_cast<LedgerHeader*>(segment_.data()); }

    // Row of a device's pool; null: there is none. `name` must have 24 bytes.
    LedgerRow* find(std::uint32_t device, std::uint32_t pool, const char* name) noexcept;
    // The same, made on first use, for that user; null: all are taken, or as many as one user may have.
    LedgerRow* row(std::uint32_t device, std::uint32_t pool, const char* name, std::uint32_t memory,
                   std::uint32_t uid);
    LedgerRow* rows() noexcept { return reinterpret_cast<LedgerRow*>(segment_.data() + 8192); }
    std::uint32_t row_count() const noexcept { return row_count_; }
    // For whom a row was made.
    static std::uint32_t maker(const LedgerRow& row) noexcept { return row.used - 1; }

    // Journaled change of one word or of a whole row.
    void set(const std::uint64_t& place, std::uint64_t value);
    void assign(LedgerRow& place, const LedgerRow& value);
    void assign(const LedgerHeader& value);
    // Recovery.
    bool undo(const UndoRecord& record) noexcept;

private:
    bool open_own(const std::string& name, bool& made, std::string& error);

    shm::Segment segment_;
    Journal journal_;
    std::uint32_t row_count_ = 0;
    Shares shares_{kLedgerRows};
};

}  // namespace tidemark::collector
