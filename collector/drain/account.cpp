// SPDX-License-Identifier: Apache-2.0
//
// The object of an account: made, opened, undone, sealed. What events mean is in account_apply.cpp.
#include "collector/drain/account.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr const char* kPoolNames[TIDEMARK_POOL_FIRST_NAMED] = {
    "DRAM", "L1", "SYSTEM_MEMORY", "L1_SMALL", "TRACE", "CB", "KERNEL"};
constexpr tidemark_memory kPoolMemories[TIDEMARK_POOL_FIRST_NAMED] = {
    TIDEMARK_MEMORY_DRAM, TIDEMARK_MEMORY_L1, TIDEMARK_MEMORY_HOST, TIDEMARK_MEMORY_L1,
    TIDEMARK_MEMORY_DRAM, TIDEMARK_MEMORY_L1, TIDEMARK_MEMORY_L1};

void tell_of_missing_lists() {
    static bool told = false;  // the drain thread's
    if (std::exchange(told, true)) return;
    log_notice(
        "/dev/shm has no access control lists: buffers of other users are shown to root only");
}

bool populate_segment(void* segment, std::uint64_t offset, std::uint64_t length) {
    return static_cast<shm::Segment*>(segment)->populate(offset, length);
}

int open_object(const std::string& name) {
    return open(("/dev/shm/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

bool read_all(int file, std::uint64_t offset, void* to, std::size_t size) {
    return file >= 0 &&
           pread(file, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

}  // namespace

std::string Account::name_of(const std::string& instance, std::uint64_t image) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(image));
    return "tidemark." + instance + ".account." + digits;
}

void Account::attach_table(const Limits& limits) noexcept {
    const tidemark_account_header& h = header();
    sites_ = CallSites(segment_, call_site_places(segment_.data(), segment_.size(), h.stacks_offset,
                                                  h.modules_offset, h.stack_frames));
    table_limit_ = std::min(limits.live_table_bytes, table_end() - kPagesOffset);
    table_.attach(target(), table_limit_, populate_segment, &segment_);
}

std::unique_ptr<Account> Account::create(const std::string& instance, const ImageIdentity& identity,
                                         std::uint32_t serial, const Limits& limits,
                                         std::string& error) {
    auto account = std::make_unique<Account>();
    account->name_ = name_of(instance, identity.image);
    shm::Segment& segment = account->segment_;
    const std::uint64_t sites_at = shm::page_multiple(kPagesOffset + limits.live_table_bytes);
    const std::uint64_t size = sites_at + shm::call_site_bytes(identity.stack_frames);
    // A leftover under this name is one that was killed before its magic was written, or the image id is a lie.
    if (!shm::Segment::create(account->name_, size, 0600, segment, error)) return nullptr;
    if (!segment.populate(0, kPositionsOffset + 4096)) {
        shm::Segment::unlink(account->name_);
        error = "cannot reserve memory for " + account->name_ + ": no space in /dev/shm";
        return nullptr;
    }
    // This user may look at its own buffers. The object stays ours: its owner could write to it and cut it off under us.
    if (identity.uid != geteuid() && !segment.let_read(identity.uid)) tell_of_missing_lists();
    tidemark_account_header& h = account->header();
    h.byte_order = TIDEMARK_STATS_BYTE_ORDER;
    h.version_major = TIDEMARK_ACCOUNT_MAJOR;
    h.version_minor = TIDEMARK_ACCOUNT_MINOR;
    h.header_size = sizeof h;
    h.object_size = size;
    h.image = identity.image;
    h.parent_image = identity.parent_image;
    h.pid = identity.pid;
    h.uid = identity.uid;
    h.start_ticks = identity.start_ticks;
    h.start_unix_ns = identity.start_unix_ns;
    std::memcpy(h.name, identity.name, sizeof h.name);
    std::memcpy(h.command, identity.command, sizeof h.command);
    if (identity.stack_frames != 0) {
        h.stacks_offset = sites_at;
        h.stack_entries = shm::kStackEntries;
        h.stack_frames = identity.stack_frames;
        h.modules_offset = sites_at + shm::stacks_bytes(identity.stack_frames);
        h.module_entries = shm::kModuleEntries;
    }
    h.state = TIDEMARK_ACCOUNT_LIVE;
    h.directory_offset = kDirectoryOffset;
    h.pages_offset = kPagesOffset;
    account->state.serial = serial;
    account->state.forked = identity.forked ? 1 : 0;
    account->state.origin = identity.origin;
    if (getrandom(account->state.seed, sizeof account->state.seed, GRND_NONBLOCK) < 0) {
        account->state.seed[0] = identity.image;
    }
    *reinterpret_cast<AccountState*>(segment.data() + kStateOffset) = account->state;
    account->attach_table(limits);
    if (!account->table_.create()) {
        shm::Segment::unlink(account->name_);
        error = "cannot reserve memory for " + account->name_ + ": no space in /dev/shm";
        return nullptr;
    }
    publish_account(h);
    segment.release_descriptor();
    return account;
}

std::unique_ptr<Account> Account::open(const std::string& name, const Limits& limits,
                                       std::string& error) {
    auto account = std::make_unique<Account>();
    account->name_ = name;
    shm::Segment& segment = account->segment_;
    // Ours alone: what another user may write to is no account, whatever it says.
    if (!shm::Segment::open(name, shm::Segment::Access::kReadWrite, geteuid(), kPagesOffset,
                            segment, error)) {
        return nullptr;
    }
    segment.release_descriptor();
    const tidemark_account_header& h = account->header();
    if (h.magic != TIDEMARK_ACCOUNT_MAGIC || h.byte_order != TIDEMARK_STATS_BYTE_ORDER ||
        h.version_major != TIDEMARK_ACCOUNT_MAJOR || h.features_incompatible != 0 ||
        h.directory_offset != kDirectoryOffset || h.pages_offset != kPagesOffset ||
        h.directory_depth > TIDEMARK_ACCOUNT_MAX_DEPTH ||
        (h.stacks_offset != 0 && (h.stacks_offset < kPagesOffset ||
                                  call_site_places(segment.data(), segment.size(), h.stacks_offset,
                                                   h.modules_offset, h.stack_frames)
                                          .frames == 0))) {
        error = "cannot use /dev/shm/" + name +
                ": unfinished, damaged or made by another version; it is left as it is";
        return nullptr;
    }
    const auto* stored = reinterpret_cast<const AccountState*>(segment.data() + kStateOffset);
    account->state.serial = stored->serial;
    account->attach_table(limits);
    return account;
}

bool Account::undo(const UndoRecord& record) noexcept {
    return restore(segment_.data(), segment_.size(), record);
}

void Account::mark_reported() noexcept {
    auto& stored = *reinterpret_cast<AccountState*>(segment_.data() + kStateOffset);
    TIDEMARK_SHARED_STORE("account.reported", stored.reported = 1);
}

// Of an exited image parts were given back. Read through the map they would take memory again, and where there is none
// that is a fault; read(2) says zeros.
bool Account::reload() {
    const int file = open_object(name_);
    const bool read = read_all(file, kStateOffset, &state, sizeof state);
    usage_count = 0;
    while (usage_count < kUsagesPerAccount && state.usages[usage_count].used != 0)
        ++usage_count;
    positions.resize(std::min(state.lanes_seen, kPositions));
    const bool complete = read && read_all(file, kPositionsOffset, positions.data(),
                                           positions.size() * sizeof(shm::LanePosition));
    if (file >= 0) close(file);
    if (!complete) return false;
    ready_positions_ = 0;
    table_.attach(target(), table_limit_, populate_segment, &segment_);
    if (header().state == TIDEMARK_ACCOUNT_EXITED && live() == 0)
        table_.given_back();
    else
        table_.recover();
    return true;
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
