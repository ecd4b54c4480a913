// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/totals.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr UsageState kNothing{};  // what a covered usage adds

struct LossSum {
    std::uint64_t allocations = 0, frees = 0, bytes = 0;
};

LossSum loss_of(const Account& account) {
    LossSum sum;
    Account::Losses lost;
    account.copy_losses(lost);
    for (const shm::LossCounter& cause : lost) {
        sum.allocations += cause.allocations;
        sum.frees += cause.frees;
        sum.bytes += cause.bytes;
    }
    return sum;
}

void add_difference(std::uint64_t& sum, std::uint64_t& counted, std::uint64_t now) {
    sum += now - counted;  // modulo 2^64: falls as well as it rises
    counted = now;
}

}  // namespace

void Totals::sync() {
    while (totals_.size() < ledger_.row_count()) {
        Total total;
        total.row = ledger_.rows() + totals_.size();
        totals_.push_back(total);
    }
}

std::uint32_t Totals::total_of(const Account& account, const UsageState& usage) {
    char name[24] = {};
    std::strncpy(name, account.pool_name(usage.pool), sizeof name - 1);
    const LedgerRow* row = ledger_.row(usage.device, usage.pool, name,
                                       account.pool_memory(usage.pool), account.header().uid);
    sync();
    return row == nullptr ? UINT32_MAX : static_cast<std::uint32_t>(row - ledger_.rows());
}

Total* Totals::look_up(const Account& account, std::uint32_t usage, CountedUsage& counted) {
    if (counted.total == UINT32_MAX && counted.rows_then != ledger_.row_count()) {
        const UsageState& state = account.state.usages[usage];
        counted.total = total_of(account, state);
        const bool fresh = counted.rows_then == UINT32_MAX;
        counted.rows_then = ledger_.row_count();
        if (counted.total == UINT32_MAX && fresh) note_missing(account.header().uid, state.device);
    }
    return counted.total == UINT32_MAX ? nullptr : &totals_[counted.total];
}

void Totals::note_missing(std::uint32_t uid, std::uint32_t device) {
    if (ledger_.row_count() == kLedgerRows) {
        ++without_row_;
        return;
    }
    ++refused_;
    if (!told_.insert(uid).second) return;
    log_notice("uid " + std::to_string(uid) + " has its share of devices' pools, " +
               std::to_string(kLedgerRows / 4) +
               ": what its programs tell of more, such as device " + std::to_string(device) +
               ", is in their own figures and in no device's sum");
}

void Totals::note_rise(const Account& account, CountedAccount& counted) {
    counted.usages.resize(account.usage_count);
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        const bool covered = account.state.usages[i].covered != 0;
        CountedUsage& c = counted.usages[i];
        if (!account.marks[i].moved && !covered && c.total != UINT32_MAX) continue;
        Total* total = look_up(account, i, c);
        if (total == nullptr) continue;
        if (covered) {
            total->rise -= c.current;  // modulo 2^64: it goes out of the sum
            continue;
        }
        // From what the sum holds of it, which is nothing if there was no row for it until now.
        total->rise += account.marks[i].highest - c.current;
        ++total->movers;
    }
}

void Totals::store_peaks() {
    for (Total& total : totals_) {
        if (total.movers == 0) {
            total.rise = 0;
            continue;
        }
        const std::uint64_t highest = total.current + total.rise;
        total.period_highest = std::max(total.period_highest, highest);
        if (highest > total.row->peak) {
            LedgerRow changed = *total.row;
            changed.peak = highest;
            changed.peak_inexact = total.movers > 1 ? 1 : 0;
            ledger_.assign(*total.row, changed);
        }
        total.rise = 0;
        total.movers = 0;
        total.dirty = true;
    }
}

void Totals::count(const Account& account, CountedAccount& counted) {
    const LossSum loss = loss_of(account);
    const bool inexact = !account.exact();
    counted.usages.resize(account.usage_count);
    const bool lost_more = loss.allocations != counted.lost_allocations ||
                           loss.frees != counted.lost_frees || loss.bytes != counted.lost_bytes ||
                           inexact != counted.inexact;
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        CountedUsage& c = counted.usages[i];
        const UsageState& usage = account.state.usages[i];
        const UsageState& now = usage.covered != 0 ? kNothing : usage;
        if (look_up(account, i, c) == nullptr) continue;
        Total& t = totals_[c.total];
        const bool fresh = !c.counted;
        c.counted = true;
        t.dirty |= account.marks[i].moved || lost_more || fresh;
        add_difference(t.current, c.current, now.current);
        add_difference(t.total_allocated, c.total_allocated, now.total_allocated);
        add_difference(t.total_freed, c.total_freed, now.total_freed);
        add_difference(t.superseded, c.superseded, now.superseded);
        add_difference(t.live, c.live, now.live);
        add_difference(t.allocations, c.allocations, now.allocations);
        add_difference(t.frees, c.frees, now.frees);
        // A pool first used now takes over all that its image had lost before.
        t.lost_allocations += loss.allocations - (fresh ? 0 : counted.lost_allocations);
        t.lost_frees += loss.frees - (fresh ? 0 : counted.lost_frees);
        t.lost_bytes += loss.bytes - (fresh ? 0 : counted.lost_bytes);
        t.inexact_accounts += static_cast<std::uint32_t>(inexact) -
                              (fresh ? 0 : static_cast<std::uint32_t>(counted.inexact));
    }
    counted.lost_allocations = loss.allocations;
    counted.lost_frees = loss.frees;
    counted.lost_bytes = loss.bytes;
    counted.inexact = inexact;
}

void Totals::fold(const Account& account) {
    const LossSum loss = loss_of(account);
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        const UsageState& u = account.state.usages[i];
        if (u.covered != 0) continue;
        const std::uint32_t index = total_of(account, u);
        if (index == UINT32_MAX) continue;
        LedgerRow changed = ledger_.rows()[index];
        changed.total_allocated += u.total_allocated;
        changed.total_freed += u.total_freed;
        changed.freed_by_exit += u.current;
        changed.superseded += u.superseded;
        changed.allocations += u.allocations;
        changed.frees += u.frees;
        changed.lost_allocations += loss.allocations;
        changed.lost_frees += loss.frees;
        changed.lost_bytes += loss.bytes;
        if (!account.exact()) changed.inexact = 1;
        ledger_.assign(ledger_.rows()[index], changed);
    }
}

void Totals::forget(CountedAccount& counted) {
    for (const CountedUsage& c : counted.usages) {
        if (!c.counted) continue;
        Total& t = totals_[c.total];
        t.current -= c.current;
        t.total_allocated -= c.total_allocated;
        t.total_freed -= c.total_freed;
        t.superseded -= c.superseded;
        t.live -= c.live;
        t.allocations -= c.allocations;
        t.frees -= c.frees;
        t.lost_allocations -= counted.lost_allocations;
        t.lost_frees -= counted.lost_frees;
        t.lost_bytes -= counted.lost_bytes;
        t.inexact_accounts -= counted.inexact ? 1 : 0;
        t.dirty = true;
    }
    counted = {};
}

}  // namespace tidemark::collector
