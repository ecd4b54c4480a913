// SPDX-License-Identifier: Apache-2.0
//
// The undo journal: before anything in an account or in the ledger is stored in place, its old bytes are appended
// here. A collector killed at any instruction leaves a prefix of its program order in shared memory, so the next one
// restores the old bytes backwards and is where the last commit was. One journal serves all accounts of an instance
// and its ledger, so that a pass is committed, or undone, as a whole (docs/decisions/one-journal.md).
//
//   append:  record filled -> signal fence -> count + 1 -> signal fence -> store in place
//   commit:  count = 0, one store
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "shm/kill_point.hpp"

namespace tidemark::collector {

inline constexpr std::uint32_t kLedgerSerial = 0;  // accounts have serials from 1
inline constexpr std::size_t kUndoBytes = 32;

struct UndoRecord {
    std::uint32_t serial;  // object: an account, or the ledger
    std::uint32_t length;  // 8, 16, 24 or 32
    std::uint64_t offset;  // in that object, a multiple of 8
    std::uint64_t old_words[kUndoBytes / 8];
};
static_assert(sizeof(UndoRecord) == 48);

struct JournalHeader {
    std::uint64_t count;     // records valid; 0: nothing to undo
    std::uint64_t capacity;  // records that the object has room for
    std::uint64_t commits;   // for people who look
    std::uint64_t reserved[5];
};

// One object that stores go to: where it is mapped and what the journal calls it.
struct Target {
    std::byte* base;
    std::uint32_t serial;
};

// Recovery: puts a record's old words back into an object of `size` bytes. False: the record can't be.
inline bool restore(std::byte* base, std::uint64_t size, const UndoRecord& record) noexcept {
    const std::uint64_t length = record.length;
    if (length == 0 || length > kUndoBytes || length % 8 != 0 || record.offset % 8 != 0)
        return false;
    if (record.offset > size || length > size - record.offset) return false;
    auto* place = reinterpret_cast<std::uint64_t*>(base + record.offset);
    for (std::uint64_t i = 0; i < length / 8; ++i) {
        TIDEMARK_SHARED_STORE("recover.word",
                              __atomic_store_n(place + i, record.old_words[i], __ATOMIC_RELAXED));
    }
    return true;
}

// Drain thread only.
class Journal {
public:
    // More room for records: makes the bytes [offset, offset + length) of the journal's memory present.
    using Populate = bool (*)(void* context, std::uint64_t offset, std::uint64_t length);

    void attach(JournalHeader* header, UndoRecord* records, Populate populate,
                void* context) noexcept {
        header_ = header;
        records_ = records;
        populate_ = populate;
        context_ = context;
        ready_ = 0;
        count_ = header->count;
    }

    std::uint64_t count() const noexcept { return count_; }
    const UndoRecord& at(std::uint64_t index) const noexcept { return records_[index]; }

    // Before a step that needs up to `records`: false means the pass must be committed first, or that no space is left.
    [[nodiscard]] bool reserve(std::uint64_t records) noexcept {
        return count_ + records <= ready_ || grow(records);
    }

    // Stores `words` words at `offset` of the target; the old ones are kept first.
    void store(const Target& target, std::uint64_t offset, const std::uint64_t* values,
               std::uint32_t words) noexcept {
        keep(target, offset, words);
        auto* place = reinterpret_cast<std::uint64_t*>(target.base + offset);
        for (std::uint32_t i = 0; i < words; ++i) {
            TIDEMARK_SHARED_STORE("journal.in_place",
                                  __atomic_store_n(place + i, values[i], __ATOMIC_RELAXED));
        }
    }

    // Keeps `words` (1 to 4) old words; the caller stores in place itself afterwards.
    void keep(const Target& target, std::uint64_t offset, std::uint32_t words) noexcept {
        UndoRecord& record = records_[count_];
        const auto* place = reinterpret_cast<const std::uint64_t*>(target.base + offset);
        TIDEMARK_SHARED_STORE("journal.record", record.serial = target.serial);
        record.length = words * 8;
        record.offset = offset;
        for (std::uint32_t i = 0; i < words; ++i)
            record.old_words[i] = place[i];
        std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(journal)
        ++count_;
        TIDEMARK_SHARED_STORE("journal.count",
                              __atomic_store_n(&header_->count, count_, __ATOMIC_RELAXED));
        std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(journal)
    }

    // Makes the object's bytes equal to `source`, where they differ; `length` is a multiple of 8.
    // Needs up to length / 32 + 1 records.
    void assign(const Target& target, std::uint64_t offset, const void* source,
                std::uint64_t length) noexcept {
        for (std::uint64_t done = 0; done < length; done += kUndoBytes) {
            const std::uint64_t step = length - done < kUndoBytes ? length - done : kUndoBytes;
            std::uint64_t values[kUndoBytes / 8];
            std::memcpy(values, static_cast<const std::byte*>(source) + done, step);
            if (std::memcmp(target.base + offset + done, values, step) == 0) continue;
            store(target, offset + done, values, static_cast<std::uint32_t>(step / 8));
        }
    }

    void commit() noexcept {
        if (count_ == 0) return;
        std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(journal)
        TIDEMARK_SHARED_STORE("journal.commit", __atomic_store_n(&header_->count, std::uint64_t{0},
                                                                 __ATOMIC_RELAXED));
        std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(journal)
        ++header_->commits;
        count_ = 0;
    }

    // After recovery restored everything: forgets the records.
    void clear() noexcept { commit(); }

private:
    bool grow(std::uint64_t records) noexcept {
        const std::uint64_t wanted = count_ + records;
        if (wanted > header_->capacity) return false;
        constexpr std::uint64_t kStep = 4096;  // records, 192 KiB
        std::uint64_t until = (wanted + kStep - 1) / kStep * kStep;
        if (until > header_->capacity) until = header_->capacity;
        if (!populate_(context_, ready_ * sizeof(UndoRecord),
                       (until - ready_) * sizeof(UndoRecord))) {
            return false;
        }
        ready_ = until;
        return true;
    }

    JournalHeader* header_ = nullptr;
    UndoRecord* records_ = nullptr;
    Populate populate_ = nullptr;
    void* context_ = nullptr;
    std::uint64_t ready_ = 0;  // records whose memory is present
    std::uint64_t count_ = 0;
};

}  // namespace tidemark::collector
