// SPDX-License-Identifier: Apache-2.0
//
// The end of an image. Death is seen by the producer's lock coming free, which exec, exit and SIGKILL all do and
// nothing else does; then what it had published is drained, what it left is reported, its figures go to the ledger.
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "collector/drain/coverage.hpp"
#include "collector/drain/predecessor.hpp"
#include "collector/drain/registry.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

// Images forgotten, while others run and once none does.
constexpr std::size_t kTrimAfter = 1000;
constexpr std::size_t kTrimAfterRush = 100;
constexpr std::size_t kReturningAtOnce = 16;
constexpr std::uint32_t kSlotsAStep = 256;  // at most 65,280 entries, a few milliseconds
constexpr time_t kBeingMade_s =
    10;  // no maker takes that long between making a file and locking it

bool is_younger_than(const std::string& object, time_t seconds) {
    struct stat status = {};
    if (lstat(("/dev/shm/" + object).c_str(), &status) != 0) return true;
    return time(nullptr) - status.st_mtime < seconds;
}

}  // namespace

void Registry::ring_released(const std::string& name) {
    const std::uint64_t number =
        std::strtoull(name.c_str() + sizeof shm::kRingPrefix - 1, nullptr, 16);
    const auto known = images_.find(number);
    if (known == images_.end() || !known->second->ring || known->second->ended) return;
    if (known->second->ring->producer_is_gone() && !still_holds(*known->second))
        end(*known->second);
}

void Registry::process_ended(std::uint64_t number, Ending ending) {
    const auto known = images_.find(number);
    if (known == images_.end()) return;
    Image& image = *known->second;
    image.is_watched = false;
    if (image.untold_row || !image.exited) image.ending = ending;
    if (ending.kind == TIDEMARK_ENDING_EXECUTED) image.ended_by_exec = true;  // a socket client's
    if (image.untold_row) return tell_end(image);
    if (image.ring) ring_released(image.ring->name());
}

void Registry::lost_without_ring(const shm::LossCounter& lost) {
    LedgerHeader header = ledger_.header();
    header.loss[TIDEMARK_LOSS_NO_SPACE].allocations += lost.allocations;
    header.loss[TIDEMARK_LOSS_NO_SPACE].frees += lost.frees;
    header.loss[TIDEMARK_LOSS_NO_SPACE].bytes += lost.bytes;
    ledger_.assign(header);
    ledger_.journal().commit();
}

bool Registry::retire(Image& image, std::vector<Image*>& moved) {
    Account& account = *image.account;
    Journal& journal = ledger_.journal();
    const std::uint64_t records = account.usage_count * (sizeof(LedgerRow) / kUndoBytes + 1) + 64;
    if (!journal.reserve(records)) return false;  // tried again later
    if (!report_leaks(image)) return true;
    image.exit_unix_ns = shm::monotonic_ns(CLOCK_REALTIME);
    totals_.fold(account);
    LedgerHeader header = ledger_.header();
    Account::Losses lost;
    account.copy_losses(lost);
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        header.loss[cause].allocations += lost[cause].allocations;
        header.loss[cause].frees += lost[cause].frees;
        header.loss[cause].bytes += lost[cause].bytes;
    }
    ++header.processes_ended;
    ledger_.assign(header);
    account.end(journal, image.exit_unix_ns, clock_.now());
    journal.commit();
    totals_.forget(image.counted);
    const shm::LossCounter none[TIDEMARK_LOSS_CAUSE_COUNT] = {};
    publisher_.count_loss(image.loss_counted, none);  // the ledger has them now
    image.exited = true;
    if (image.sibling != nullptr) image.sibling->sibling = nullptr;
    image.sibling = nullptr;
    image.forget_at_ns = configuration_.limits.exited_grace_ns == kUnknown
                             ? UINT64_MAX
                             : shm::monotonic_ns() + configuration_.limits.exited_grace_ns;
    if (image.ring) {
        TIDEMARK_KILL_POINT("retire.unlink_ring");
        shm::Segment::unlink(image.ring->name());
        image.sandboxed = image.ring->sandboxed();
        image.ring->mark_published(account.positions);
        rota_.remove(image);
        image.ring.reset();
        --counters_.rings_attached;
    }
    std::erase(alive_, &image);
    exited_.push_back(image.identity.image);
    await_ending(image);
    counters_.running = alive_.size();
    moved.push_back(&image);
    return false;
}

void Registry::settle_exited(Image& image) {
    if (!image.account || image.rows_lack_space) return;
    image.account->shrink(ledger_.journal());
    // Most have little, which goes back at once. Mappings are few, too few to keep many of them.
    if (image.account->give_back_some()) returning_.push_back(std::move(image.account));
    image.account.reset();
    while (returning_.size() > kReturningAtOnce) {
        while (returning_.front()->give_back_some()) {
        }
        returning_.pop_front();
    }
}

bool Registry::give_back_some() {
    if (returning_.empty()) return false;
    if (!returning_.front()->give_back_some()) returning_.pop_front();
    return true;
}

void Registry::reopen_exited() {
    for (const auto& [number, image] : images_) {
        if (!image->exited || image->account) continue;
        std::string error;
        const std::string name = Account::name_of(configuration_.instance, number);
        image->account = Account::open(name, configuration_.limits, error);
        if (image->account && image->account->damage() == nullptr && image->account->reload())
            continue;
        image->account.reset();
        log_notice(error.empty() ? "cannot read /dev/shm/" + name : error);
    }
}

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

void Registry::forget_old(std::uint64_t now_ns) {
    while (!exited_.empty()) {
        const auto place = images_.find(exited_.front());
        if (place != images_.end() && now_ns < place->second->forget_at_ns) return;
        exited_.pop_front();
        if (place == images_.end()) continue;
        publisher_.remove(*place->second);
        auto& by_pid = place->second->is_told_by_socket() ? by_socket_pid_ : by_pid_;
        const auto newest = by_pid.find(place->second->identity.pid);
        if (newest != by_pid.end() && newest->second == place->first) by_pid.erase(newest);
        shm::Segment::unlink(Account::name_of(configuration_.instance, place->first));
        images_.erase(place);
        ++forgotten_;
    }
    // After a storm of short-lived programs the heap is mostly holes; what is left of it goes back.
    if (forgotten_ < (alive_.empty() ? kTrimAfterRush : kTrimAfter)) return;
    forgotten_ = 0;
    malloc_trim(0);
}

std::vector<std::string> Registry::remove_unfinished() {
    std::vector<std::string> removed;
    for (const std::string& name : objects_with_prefix(shm::kTemporaryPrefix)) {
        // A ring being made is locked by its maker as soon as it is there; one that nobody locks was left by a maker
        // that died.
        bool missing = false;
        if (is_younger_than(name, kBeingMade_s)) continue;
        if (shm::byte_is_locked(name, shm::kProducerLockByte, &missing) || missing) continue;
        if (shm::Segment::unlink(name)) removed.push_back(name);
    }
    return removed;
}

std::vector<std::string> Registry::clean() {
    std::vector<std::string> removed = remove_unfinished();
    const auto remove = [&](const std::string& name) {
        if (shm::Segment::unlink(name)) removed.push_back(name);
    };
    const std::string accounts = "tidemark." + configuration_.instance + ".account.";
    for (const std::string& name : objects_with_prefix(accounts)) {
        const std::uint64_t number = std::strtoull(name.c_str() + accounts.size(), nullptr, 16);
        if (images_.count(number) != 0) continue;
        std::string error;
        if (Account::open(name, configuration_.limits, error) || was_never_finished(name))
            remove(name);
        else
            log_notice(error);
    }
    return removed;
}

std::map<std::uint32_t, std::uint64_t> Registry::ring_bytes() const {
    std::map<std::uint32_t, std::uint64_t> bytes{{geteuid(), 0}};
    for_each_object(shm::kRingPrefix, [&](const std::string& name) {
        struct stat status = {};
        if (lstat(("/dev/shm/" + name).c_str(), &status) != 0) return;
        bytes[status.st_uid] += static_cast<std::uint64_t>(status.st_blocks) * 512;
    });
    return bytes;
}

void Registry::remove_all() {
    for (const auto& [number, image] : images_) {
        if (image->ring) shm::Segment::unlink(image->ring->name());
        shm::Segment::unlink(Account::name_of(configuration_.instance, number));
    }
    images_.clear();
}

}  // namespace tidemark::collector
