// SPDX-License-Identifier: Apache-2.0
//
// Rows of images, totals and the collector. Devices, memories and history: publisher_devices.cpp.
#include "collector/drain/publisher.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace tidemark::collector {
namespace {

template <class Row>
void copy_common(Row& row, const UsageState& usage) {
    row.current = usage.current;
    row.peak = usage.peak;
    row.total_allocated = usage.total_allocated;
    row.total_freed = usage.total_freed;
    row.superseded = usage.superseded;
    row.live = usage.live;
    row.allocations = usage.allocations;
    row.frees = usage.frees;
}

}  // namespace

std::uint32_t RowNumbers::take() {
    if (free_.empty()) return next_++;
    const std::uint32_t row = *free_.begin();
    free_.erase(free_.begin());
    return row;
}

void RowNumbers::give_back(std::uint32_t row) {
    free_.insert(row);
    while (next_ != 0 && free_.erase(next_ - 1) != 0)
        --next_;
}

void Publisher::publish(const std::vector<Image*>& moved, const CollectorCounters& counters) {
    ++pass_;
    stats_.begin_pass(pass_);
    for (Image* image : moved)
        publish_image(*image);
    publish_totals();
    publish_devices();
    publish_collector(counters);
    stats_.end_pass(pass_);
}

void Publisher::publish_everything(std::map<std::uint64_t, std::unique_ptr<Image>>& images,
                                   const CollectorCounters& counters) {
    missing_.clear();
    process_rows_ = {};
    usage_rows_ = {};
    history_rows_.clear();
    histories_ = histories_refused_ = histories_dropped_ = 0;
    history_shares_ = Shares(history_shares_.most());
    std::vector<Image*> all;
    for (auto& [number, image] : images) {
        image->process_row = UINT32_MAX;
        image->usage_rows.clear();
        if (image->account) all.push_back(image.get());
    }
    for (Total& total : totals_.all())
        total.dirty = true;
    for (auto& [number, device] : devices_)
        device.dirty = true;
    publish(all, counters);
    publish_regions(std::exchange(regions_, {}));
}

void Publisher::publish_image(Image& image) {
    if (image.process_row == UINT32_MAX) image.process_row = process_rows_.take();
    tidemark_process_row row = process_row_of(image);
    const bool again = image.rows_lack_space;
    image.rows_lack_space = lacks_space(TIDEMARK_TABLE_PROCESS, image.process_row, row);
    if (image.untold_row) *image.untold_row = row;
    publish_usages(image, again);
}

// Of an exited image, whose account is closed.
void Publisher::publish_ending(Image& image) {
    tidemark_process_row& row = *image.untold_row;
    row.ending = image.ending.kind;
    row.ending_code = image.ending.code;
    ++pass_;
    stats_.begin_pass(pass_);
    publish_row(TIDEMARK_TABLE_PROCESS, image.process_row, row);
    stats_.end_pass(pass_);
}

tidemark_process_row Publisher::process_row_of(Image& image) {
    const Account& account = *image.account;
    const AccountState& state = account.state;
    tidemark_process_row row{};
    row.in_use = 1;
    row.state = image.exited ? TIDEMARK_PROCESS_EXITED : TIDEMARK_PROCESS_RUNNING;
    row.image = image.identity.image;
    row.parent_image = image.identity.parent_image;
    row.pid = image.identity.pid;
    row.uid = image.identity.uid;
    row.start_ticks = image.identity.start_ticks;
    row.start_unix_ns = image.identity.start_unix_ns;
    row.exit_unix_ns = image.exit_unix_ns;
    row.events = state.events;
    row.unknown_frees = state.unknown_frees;
    row.inherited_frees = state.inherited_frees;
    row.duplicates = state.duplicates;
    row.ambiguous_frees = state.ambiguous_frees;
    row.gap_consequences = state.gap_consequences;
    row.clock_steps = state.clock_steps;
    row.exact = account.exact() ? 1 : 0;
    row.quarantine = state.quarantine;
    row.lanes = state.lanes_seen / 2;
    if (image.ring) image.sandboxed = image.ring->sandboxed();
    row.sandboxed = image.sandboxed ? 1 : 0;
    Account::Losses lost;
    account.copy_losses(lost);
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        row.lost_allocations[cause] = lost[cause].allocations;
        row.lost_frees[cause] = lost[cause].frees;
        row.lost_bytes[cause] = lost[cause].bytes;
    }
    std::memcpy(row.name, image.identity.name, sizeof row.name);
    std::memcpy(row.command, image.identity.command, sizeof row.command);
    row.origin = image.identity.origin;
    row.ending = image.ending.kind;
    row.ending_code = image.ending.code;
    return row;
}

// A pool known by its name has the number that the ledger gave it, as in the usage table.
std::uint32_t Publisher::pool_number(const Account& account, const UsageState& usage) {
    if (usage.pool < TIDEMARK_POOL_FIRST_NAMED) return usage.pool;
    char name[24] = {};
    std::strncpy(name, account.pool_name(usage.pool), sizeof name - 1);
    const LedgerRow* row = ledger_.find(usage.device, usage.pool, name);
    return row == nullptr ? usage.pool : row->pool;
}

void Publisher::publish_usages(Image& image, bool all) {
    const Account& account = *image.account;
    image.usage_rows.resize(account.usage_count, UINT32_MAX);
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        const UsageState& usage = account.state.usages[i];
        const bool fresh = image.usage_rows[i] == UINT32_MAX;
        if (usage.covered != 0) {
            if (!fresh) free_usage_row(image.usage_rows[i]);
            continue;
        }
        if (!fresh && !all && !account.marks[i].moved && account.exact() && !image.exited) continue;
        if (fresh) image.usage_rows[i] = usage_rows_.take();
        tidemark_process_usage_row row{};
        row.in_use = 1;
        row.pid = image.identity.pid;
        row.image = image.identity.image;
        row.device = usage.device;
        row.pool = pool_number(account, usage);
        row.memory = account.pool_memory(usage.pool);
        copy_common(row, usage);
        row.freed_by_exit = image.exited ? usage.current : 0;
        row.exact = account.exact() ? 1 : 0;
        row.peak_exact = row.exact;
        std::strncpy(row.pool_name, account.pool_name(usage.pool), sizeof row.pool_name - 1);
        std::memcpy(row.size_histogram, usage.size_histogram, sizeof row.size_histogram);
        image.rows_lack_space |=
            lacks_space(TIDEMARK_TABLE_PROCESS_USAGE, image.usage_rows[i], row);
    }
}

void Publisher::free_usage_row(std::uint32_t& index) {
    tidemark_process_usage_row none{};
    publish_row(TIDEMARK_TABLE_PROCESS_USAGE, index, none);
    usage_rows_.give_back(index);
    stats_.set_rows_used(TIDEMARK_TABLE_PROCESS_USAGE, usage_rows_.used());
    index = UINT32_MAX;
}

void Publisher::remove(Image& image) {
    ++pass_;
    stats_.begin_pass(pass_);
    if (image.process_row != UINT32_MAX) {
        tidemark_process_row none{};
        publish_row(TIDEMARK_TABLE_PROCESS, image.process_row, none);
        process_rows_.give_back(image.process_row);
        stats_.set_rows_used(TIDEMARK_TABLE_PROCESS, process_rows_.used());
    }
    for (std::uint32_t& index : image.usage_rows)
        if (index != UINT32_MAX) free_usage_row(index);
    stats_.end_pass(pass_);
    image.process_row = UINT32_MAX;
    image.usage_rows.clear();
}

void Publisher::publish_totals() {
    const std::uint64_t unix_ns = shm::monotonic_ns(CLOCK_REALTIME);
    std::vector<Total>& totals = totals_.all();
    for (std::uint32_t i = 0; i < totals.size(); ++i) {
        Total& total = totals[i];
        if (!total.dirty) continue;
        const LedgerRow& kept = *total.row;
        tidemark_usage_row row{};
        row.in_use = 1;
        row.device = kept.device;
        row.pool = kept.pool;
        row.memory = kept.memory;
        row.current = total.current;
        row.peak = kept.peak;
        row.total_allocated = kept.total_allocated + total.total_allocated;
        row.total_freed = kept.total_freed + total.total_freed;
        row.freed_by_exit = kept.freed_by_exit;
        row.superseded = kept.superseded + total.superseded;
        row.live = total.live;
        row.allocations = kept.allocations + total.allocations;
        row.frees = kept.frees + total.frees;
        row.exact = total.inexact_accounts == 0 && kept.inexact == 0 ? 1 : 0;
        row.peak_exact = kept.peak_inexact == 0 && row.exact != 0 ? 1 : 0;
        row.lost_allocations = kept.lost_allocations + total.lost_allocations;
        row.lost_frees = kept.lost_frees + total.lost_frees;
        row.lost_bytes = kept.lost_bytes + total.lost_bytes;
        std::memcpy(row.pool_name, kept.pool_name, sizeof row.pool_name);
        total.dirty = lacks_space(TIDEMARK_TABLE_USAGE, i, row);
        publish_history(i, total, unix_ns);
        Device* owner = device(kept.device, Ledger::maker(kept));
        if (owner == nullptr) continue;
        if (kept.memory < TIDEMARK_MEMORY_COUNT) owner->used_memory[kept.memory] = true;
        owner->dirty = true;
    }
}

void Publisher::count_loss(const shm::LossCounter (&before)[TIDEMARK_LOSS_CAUSE_COUNT],
                           const shm::LossCounter (&now)[TIDEMARK_LOSS_CAUSE_COUNT]) {
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        loss_[cause].allocations += now[cause].allocations - before[cause].allocations;
        loss_[cause].frees += now[cause].frees - before[cause].frees;
        loss_[cause].bytes += now[cause].bytes - before[cause].bytes;
    }
}

void Publisher::publish_collector(const CollectorCounters& counters) {
    const LedgerHeader& kept = ledger_.header();
    tidemark_collector_row row{};
    row.in_use = 1;
    row.events = kept.events;
    row.passes = kept.passes;
    row.processes_running = counters.running;
    row.processes_seen = kept.processes_ended + counters.running;
    row.rings_attached = counters.rings_attached;
    row.rings_quarantined = counters.rings_quarantined;
    row.rings_refused = counters.rings_refused;
    row.recoveries = kept.recoveries;
    row.restarts = kept.restarts;
    row.rows_dropped = missing_.size() + totals_.without_row() + histories_dropped_;
    row.rows_refused = static_cast<std::uint32_t>(totals_.refused() + devices_refused_.size() +
                                                  histories_refused_);
    row.sink_dropped = sinks_.dropped();
    row.untracked_images = counters.untracked_images;
    row.audits = kept.audits;
    row.audit_differences = kept.audit_differences;
    row.publish_latency_last_ns = counters.publish_latency_last_ns;
    row.publish_latency_highest_ns = counters.publish_latency_highest_ns;
    row.clock_base_ticks = clock_.base_ticks();
    row.clock_base_unix_ns = clock_.base_unix_ns();
    row.clock_ns_per_tick_q32 = clock_.ns_per_tick_q32();
    row.exited_grace_ns = configuration_.limits.exited_grace_ns;
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        row.lost_allocations[cause] = kept.loss[cause].allocations + loss_[cause].allocations;
        row.lost_frees[cause] = kept.loss[cause].frees + loss_[cause].frees;
        row.lost_bytes[cause] = kept.loss[cause].bytes + loss_[cause].bytes;
    }
    publish_row(TIDEMARK_TABLE_COLLECTOR, 0, row);
}

}  // namespace tidemark::collector
