// SPDX-License-Identifier: Apache-2.0
//
// The object of an account: made, opened, read again.
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "collector/drain/account.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

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

}  // namespace tidemark::collector
