// SPDX-License-Identifier: Apache-2.0
//
// What devices and pools add up to: the ledger's retired figures plus the running accounts, kept by differences so
// that a pass costs what changed. Rebuilt from accounts and ledger at every start; only peaks are stored, in the
// ledger, in the same transaction as the events that they cover.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "collector/drain/account.hpp"
#include "collector/drain/ledger.hpp"

namespace tidemark::collector {

// One device x pool; index is the ledger row's.
struct Total {
    LedgerRow* row = nullptr;
    // Of running accounts only.
    std::uint64_t current = 0, total_allocated = 0, total_freed = 0, superseded = 0;
    std::uint64_t live = 0, allocations = 0, frees = 0;
    std::uint64_t lost_allocations = 0, lost_frees = 0, lost_bytes = 0;
    std::uint32_t inexact_accounts = 0;
    // Of the pass under way.
    std::uint64_t rise = 0;
    std::uint32_t movers = 0;
    bool dirty = true;  // to be published
    std::uint64_t period_highest = 0;
};

// What an account has been counted with, per usage.
struct CountedUsage {
    std::uint32_t total =
        UINT32_MAX;  // index; that: not known yet, or the ledger has no row for it
    std::uint32_t rows_then = UINT32_MAX;  // that the ledger had when it had none for it
    bool counted = false;                  // what the image had lost is in the total
    std::uint64_t current = 0, total_allocated = 0, total_freed = 0, superseded = 0;
    std::uint64_t live = 0, allocations = 0, frees = 0;
};
struct CountedAccount {
    std::vector<CountedUsage> usages;
    std::uint64_t lost_allocations = 0, lost_frees = 0, lost_bytes = 0;
    bool inexact = false;
};

// Drain thread only.
class Totals {
public:
    explicit Totals(Ledger& ledger) : ledger_(ledger) {}

    // Before the commit: how far each pool of the account rose over where it began the pass.
    void note_rise(const Account& account, CountedAccount& counted);
    // After all accounts of the pass: stores new peaks, journaled. Records needed: twice the number of rows.
    void store_peaks();
    // After the commit: moves the totals by what the account changed.
    void count(const Account& account, CountedAccount& counted);
    // The account's last figures go over to the ledger, journaled, inside its end's transaction; after its commit
    // forget() takes it from the running sums.
    void fold(const Account& account);
    void forget(CountedAccount& counted);

    // Programs' uses of a pool that are in no sum, since the collector started: since the ledger has no row left, or
    // since their user has its share of them.
    std::uint32_t without_row() const noexcept { return without_row_; }
    std::uint32_t refused() const noexcept { return refused_; }

    std::vector<Total>& all() {
        sync();
        return totals_;
    }

private:
    std::uint32_t total_of(const Account& account, const UsageState& usage);
    // The usage's total, if it is not known: looked for again only once the ledger has another row.
    Total* look_up(const Account& account, std::uint32_t usage, CountedUsage& counted);
    void note_missing(std::uint32_t uid, std::uint32_t device);
    void sync();

    Ledger& ledger_;
    std::vector<Total> totals_;
    std::uint32_t without_row_ = 0, refused_ = 0;
    std::set<std::uint32_t> told_;  // users that have their share
};

}  // namespace tidemark::collector
