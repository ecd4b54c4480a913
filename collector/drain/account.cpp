// SPDX-License-Identifier: Apache-2.0
//
// An account from pass to pass: begun, sealed, ended, shrunk. Its object is made and opened in account_open.cpp; what
// events mean is in account_apply.cpp.
#include "collector/drain/account.hpp"

#include <algorithm>
#include <cstring>

namespace tidemark::collector {
namespace {

constexpr const char* kPoolNames[TIDEMARK_POOL_FIRST_NAMED] = {
    "DRAM", "L1", "SYSTEM_MEMORY", "L1_SMALL", "TRACE", "CB", "KERNEL"};
constexpr tidemark_memory kPoolMemories[TIDEMARK_POOL_FIRST_NAMED] = {
    TIDEMARK_MEMORY_DRAM, TIDEMARK_MEMORY_L1, TIDEMARK_MEMORY_HOST, TIDEMARK_MEMORY_L1,
    TIDEMARK_MEMORY_DRAM, TIDEMARK_MEMORY_L1, TIDEMARK_MEMORY_L1};

}  // namespace

bool Account::undo(const UndoRecord& record) noexcept {
    return restore(segment_.data(), segment_.size(), record);
}

void Account::mark_reported() noexcept {
    auto& stored = *reinterpret_cast<AccountState*>(segment_.data() + kStateOffset);
    TIDEMARK_SHARED_STORE("account.reported", stored.reported = 1);
}

void Account::copy_losses(Losses& out) const noexcept {
    std::memcpy(out, state.loss, sizeof out);
    out[TIDEMARK_LOSS_NO_SPACE].allocations += state.rejected_allocations;
    out[TIDEMARK_LOSS_NO_SPACE].bytes += state.rejected_bytes;
}

std::uint64_t Account::live() const noexcept {
    std::uint64_t live = 0;
    for (std::uint32_t i = 0; i < usage_count; ++i)
        live += state.usages[i].live;
    return live;
}

void Account::begin_pass() noexcept {
    for (std::uint32_t i = 0; i < usage_count; ++i) {
        marks[i] = {state.usages[i].current, state.usages[i].current, false};
    }
}

bool Account::make_positions_ready(std::uint32_t count) noexcept {
    if (count <= ready_positions_) return true;
    if (!segment_.populate(kPositionsOffset, count * sizeof(shm::LanePosition))) return false;
    ready_positions_ = count;
    return true;
}

std::uint64_t Account::seal_records() const noexcept {
    constexpr std::uint64_t kFixed = offsetof(AccountState, usages) / kUndoBytes + 4;
    return kFixed + usage_count * (sizeof(UsageState) / kUndoBytes + 1) + positions.size() +
           (lives_moved_ ? sizeof(AccountState::lives) / kUndoBytes : 0);
}

void Account::seal(Journal& journal) noexcept {
    const auto count = static_cast<std::uint32_t>(positions.size());
    state.lanes_seen = count;
    journal.assign(target(), kStateOffset, &state, offsetof(AccountState, usages));
    for (std::uint32_t i = 0; i < usage_count; ++i) {
        if (!marks[i].moved) continue;
        const std::uint64_t offset = offsetof(AccountState, usages) + i * sizeof(UsageState);
        journal.assign(target(), kStateOffset + offset, &state.usages[i], sizeof(UsageState));
    }
    if (lives_moved_) {
        journal.assign(target(), kStateOffset + offsetof(AccountState, lives), state.lives,
                       sizeof state.lives);
    }
    journal.assign(target(), kPositionsOffset, positions.data(), count * sizeof(shm::LanePosition));
    TIDEMARK_SHARED_STORE("account.live",
                          __atomic_store_n(&header().live, live(), __ATOMIC_RELAXED));
}

void Account::committed() noexcept {
    table_.committed();
    lives_moved_ = false;
    dirty = false;
}

void Account::end(Journal& journal, std::uint64_t exit_unix_ns, std::uint64_t exit_ticks) noexcept {
    static_assert(offsetof(tidemark_account_header, exit_ticks) ==
                  offsetof(tidemark_account_header, state) + 16);
    const std::uint64_t words[3] = {
        TIDEMARK_ACCOUNT_EXITED | (std::uint64_t{header().directory_depth} << 32), exit_unix_ns,
        exit_ticks};
    journal.store(target(), offsetof(tidemark_account_header, state), words, 3);
}

void Account::shrink(Journal& journal) {
    const std::uint64_t left = live();
    const std::uint64_t used_until =
        kPagesOffset + std::uint64_t{header().page_count} * TIDEMARK_ACCOUNT_PAGE_SIZE;
    // Places of usages that it never had, superseded lives, lane positions: all of them zero or never asked for again.
    segment_.discard(
        kStateOffset + offsetof(AccountState, usages) + usage_count * sizeof(UsageState),
        kDirectoryOffset);
    returning_from_ = kPagesOffset;
    if (left == 0) {
        // A page of zeros is an empty one, and then a directory of zeros names it.
        segment_.discard(kPagesOffset, kPagesOffset + TIDEMARK_ACCOUNT_PAGE_SIZE);
        segment_.discard(kDirectoryOffset, kPagesOffset);
        returning_until_ = used_until;
        segment_.discard(table_end(),
                         segment_.size());  // nothing is left whose call site could be asked
    } else {
        table_.compact(journal, left);
        journal.commit();
        segment_.discard(kDirectoryOffset + 4ull * table_.slots(), kPagesOffset);
        returning_until_ =
            kPagesOffset + std::uint64_t{table_.first_page()} * TIDEMARK_ACCOUNT_PAGE_SIZE;
    }
    segment_.discard(kPagesOffset + std::uint64_t{header().page_count} * TIDEMARK_ACCOUNT_PAGE_SIZE,
                     table_end());
}

bool Account::give_back_some() noexcept {
    constexpr std::uint64_t kStep = 4 << 20;  // about a millisecond
    const std::uint64_t until = std::min(returning_from_ + kStep, returning_until_);
    segment_.discard(returning_from_, until);
    returning_from_ = until;
    return returning_from_ < returning_until_;
}

void Account::keep_call_sites(const CallSitePlaces& ring, std::uint32_t modules_used,
                              std::uint64_t dropped, shm::Event* events,
                              std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i)
        if (events[i].stack != 0 && !sites_.keep_stack(ring, events[i].stack)) events[i].stack = 0;
    tidemark_account_header& h = header();
    sites_.keep_modules(ring, h.modules_used, modules_used);
    if (dropped != h.stacks_dropped)
        TIDEMARK_SHARED_STORE("sites.dropped",
                              __atomic_store_n(&h.stacks_dropped, dropped, __ATOMIC_RELAXED));
}

void Account::name_pool(std::uint32_t pool, std::uint32_t memory, const char* name) noexcept {
    if (pool < TIDEMARK_POOL_FIRST_NAMED || pool > TIDEMARK_POOL_LAST_NAMED) return;
    tidemark_account_pool_name& place = header().pools[pool];
    if (place.name[0] != '\0') return;
    TIDEMARK_SHARED_STORE("account.pool_memory", place.memory = memory % TIDEMARK_MEMORY_COUNT);
    std::strncpy(place.name, name, sizeof place.name - 1);
}

const char* Account::pool_name(std::uint32_t pool) const noexcept {
    if (pool < TIDEMARK_POOL_FIRST_NAMED) return kPoolNames[pool];
    const char* name = header().pools[pool & 15].name;
    return name[0] != '\0' ? name : "unnamed";
}

std::uint32_t Account::pool_memory(std::uint32_t pool) const noexcept {
    if (pool < TIDEMARK_POOL_FIRST_NAMED) return kPoolMemories[pool];
    return header().pools[pool & 15].memory;
}

bool Account::exact() const noexcept {
    return state.gapped == 0 && state.duplicates == 0 && state.quarantine == 0 &&
           state.table_full == 0 && state.ambiguous_frees == 0;
}

}  // namespace tidemark::collector
