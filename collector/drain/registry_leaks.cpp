// SPDX-License-Identifier: Apache-2.0
//
// What an ended image left, buffer by buffer.
#include <algorithm>
#include <cstring>

#include "collector/drain/coverage.hpp"
#include "collector/drain/registry.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint32_t kSlotsAStep = 256;  // at most 65,280 entries, a few milliseconds

}  // namespace

// A part of it: a large table is no reason for others' rings to fill. False: it is to go on.
bool Registry::report_leaks(Image& image) {
    const Account& account = *image.account;
    LeakWalk& walk = image.leaks;
    if (walk.events != account.state.events) walk = {account.state.events};
    const std::uint32_t until = std::min(walk.slot + kSlotsAStep, account.table().slots());
    const bool wanted = sinks_.wants_leaks();
    account.table().for_each_left(walk.slot, until, [&](const tidemark_account_entry& entry) {
        const bool covered = is_covered(account, entry.device);
        const std::uint64_t bytes = entry.life & TIDEMARK_LIFE_SIZE_MASK;
        walk.bytes += bytes;
        walk.bytes_covered += covered ? bytes : 0;
        ++walk.buffers;
        walk.buffers_covered += covered ? 1 : 0;
        if (wanted && !covered) report_leak(image, entry);
    });
    walk.slot = until;
    if (until != account.table().slots()) return false;
    compare(account, walk.buffers, walk.bytes);
    audited_.erase(image.identity.image);
    image.untold_bytes = walk.bytes - walk.bytes_covered;
    image.untold_buffers = walk.buffers - walk.buffers_covered;
    return true;
}

void Registry::report_leak(const Image& image, const tidemark_account_entry& entry) {
    const Account& account = *image.account;
    const std::uint64_t now = clock_.now();
    SinkRecord record{};
    record.kind = SinkRecord::Kind::kLeak;
    record.device = entry.device;
    record.image = image.identity.image;
    record.sequence = account.state.events;
    record.id = entry.id;
    record.size = entry.life & TIDEMARK_LIFE_SIZE_MASK;
    record.time_unix_ns = clock_.unix_ns(entry.stamp);
    record.age_ns = now > entry.stamp ? clock_.ns_of(now - entry.stamp) : 0;
    record.pid = image.identity.pid;
    record.stack = entry.stack;
    record.pool = static_cast<std::uint32_t>(entry.life >> TIDEMARK_LIFE_POOL_SHIFT) & 15;
    std::strncpy(record.pool_name, account.pool_name(record.pool), sizeof record.pool_name - 1);
    sinks_.push(record);
}

// The table was walked to its end: it must agree with the counters.
void Registry::compare(const Account& account, std::uint64_t buffers, std::uint64_t bytes) {
    std::uint64_t counted_bytes = 0;
    std::uint64_t counted_buffers = 0;
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        counted_bytes += account.state.usages[i].current;
        counted_buffers += account.state.usages[i].live;
    }
    LedgerHeader& kept = ledger_.header();
    TIDEMARK_SHARED_STORE("ledger.audits", kept.audits += 1);
    if (counted_bytes == bytes && counted_buffers == buffers) return;
    TIDEMARK_SHARED_STORE("ledger.audit_differences", kept.audit_differences += 1);
    log_error("audit of " + account.object_name() + ": the live table holds " +
              std::to_string(buffers) + " buffers of " + std::to_string(bytes) +
              " bytes, the counters say " + std::to_string(counted_buffers) + " and " +
              std::to_string(counted_bytes) + "; this is a defect, please report it");
}

void Registry::tell(SinkRecord::Kind kind, const Image& image, std::uint64_t size,
                    std::uint64_t id) {
    SinkRecord record{};
    record.kind = kind;
    record.image = image.identity.image;
    record.sequence = image.account ? image.account->state.events : image.untold_row->events;
    record.pid = image.identity.pid;
    record.size = size;
    record.id = id;
    record.ending = image.ending.kind;
    record.ending_code = image.ending.code;
    record.time_unix_ns = shm::monotonic_ns(CLOCK_REALTIME);
    sinks_.push(record);
}

void Registry::leaks_recorded(std::uint64_t number) {
    std::string error;
    const std::string name = Account::name_of(configuration_.instance, number);
    std::unique_ptr<Account> account = Account::open(name, configuration_.limits, error);
    if (account) account->mark_reported();
}

}  // namespace tidemark::collector
