// SPDX-License-Identifier: Apache-2.0
//
// What of Tidemark apply.cpp compares: the account as the collector uses it, and its live table with nothing around
// it. Each is used as begin, then hash, prefetch and apply for every event of a batch, commit. `live`: what it holds.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "collector/drain/account.hpp"
#include "collector/drain/ledger.hpp"

namespace tidemark::bench {

// Live table, usages, histogram, peaks; undo journal in the ledger; sealed and committed once a batch.
class AccountStore {
public:
    explicit AccountStore(std::uint64_t live) : instance_(next_instance()) {
        collector::Limits limits;
        limits.live_table_bytes = (live * 128) + (64 << 20);
        collector::ImageIdentity identity;
        identity.image = 1;
        identity.uid = geteuid();
        std::string error;
        bool made = false;
        if (!ledger_.open(instance_, made, error)) throw std::runtime_error(error);
        account_ = collector::Account::create(instance_, identity, 1, limits, error);
        if (!account_) throw std::runtime_error(error);
    }
    ~AccountStore() {
        if (account_) shm::Segment::unlink(account_->object_name());
        shm::Segment::unlink(collector::Ledger::name_of(instance_));
    }
    AccountStore(const AccountStore&) = delete;
    AccountStore& operator=(const AccountStore&) = delete;

    void begin() { account_->begin_pass(); }
    std::uint64_t hash(const shm::Event& event) const { return account_->hash(event); }
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const { account_->prefetch(hash); }
    void apply(const shm::Event& event, std::uint64_t hash) {
        if (!ledger_.journal().reserve(kSeal + collector::LiveTable::kMostRecords +
                                       collector::Account::kRecordsBeside)) {
            commit();
        }
        account_->apply(ledger_.journal(), nursery_, event, hash, nullptr);
    }
    void commit() {
        account_->settle(ledger_.journal(), nursery_, kSeal);
        account_->seal(ledger_.journal());
        ledger_.journal().commit();
        account_->committed();
    }
    std::uint64_t live() const {
        return account_->exact() && account_->state.unknown_frees == 0
                   ? account_->state.usages[0].live
                   : ~std::uint64_t{0};
    }

private:
    static constexpr std::uint64_t kSeal = 512;  // undo records
    static std::string next_instance() {
        static int number = 0;
        return "bench-apply-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    }

    std::string instance_;
    collector::Ledger ledger_;
    collector::Nursery nursery_;
    std::unique_ptr<collector::Account> account_;
};

// The live table and its journal in private memory.
class TableStore {
public:
    explicit TableStore(std::uint64_t live)
        : size_(collector::kPagesOffset + live * 128 + (64 << 20)),
          object_(map(size_)),
          journal_memory_(map(kJournalSize)) {
        const auto always = [](void*, std::uint64_t, std::uint64_t) { return true; };
        auto* header = reinterpret_cast<collector::JournalHeader*>(journal_memory_);
        header->capacity = kRecords;
        journal_.attach(header, reinterpret_cast<collector::UndoRecord*>(header + 1), always,
                        nullptr);
        auto* state = reinterpret_cast<collector::AccountState*>(object_ + collector::kStateOffset);
        state->seed[0] = 0x243F6A8885A308D3ull;
        state->seed[1] = 0x13198A2E03707344ull;
        table_.attach({object_, 1}, size_ - collector::kPagesOffset, always, nullptr);
        if (!table_.create()) throw std::bad_alloc();
    }
    ~TableStore() {
        munmap(object_, size_);
        munmap(journal_memory_, kJournalSize);
    }
    TableStore(const TableStore&) = delete;
    TableStore& operator=(const TableStore&) = delete;

    void begin() {}
    std::uint64_t hash(const shm::Event& event) const {
        return table_.hash(event.device, event.id);
    }
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const { table_.prefetch(hash); }
    void apply(const shm::Event& event, std::uint64_t hash) {
        if (!journal_.reserve(collector::LiveTable::kMostRecords)) commit();
        const auto match = table_.find(hash, event.device, event.pool(), event.id, event.stamp);
        if (event.operation() == shm::Operation::kFree) {
            if (match.entry == nullptr) return;
            table_.erase(journal_, match.entry);
            --live_;
        } else if (match.entry == nullptr) {
            const std::uint64_t life = event.size() | TIDEMARK_LIFE_LIVE |
                                       std::uint64_t{event.pool()} << TIDEMARK_LIFE_POOL_SHIFT;
            live_ += table_.insert(journal_, hash, {life, event.id, event.stamp, event.device, 0});
        }
    }
    void commit() {
        journal_.commit();
        table_.committed();
    }
    std::uint64_t live() const { return live_; }

private:
    static constexpr std::uint64_t kRecords = 65536;
    static constexpr std::uint64_t kJournalSize =
        sizeof(collector::JournalHeader) + kRecords * sizeof(collector::UndoRecord);

    static std::byte* map(std::uint64_t bytes) {
        void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        return static_cast<std::byte*>(memory);
    }

    std::uint64_t size_;
    std::byte* object_;
    std::byte* journal_memory_;
    collector::Journal journal_;
    collector::LiveTable table_;
    std::uint64_t live_ = 0;
};

}  // namespace tidemark::bench
