// SPDX-License-Identifier: Apache-2.0
//
// Attaching. Ending, reporting and forgetting: registry_retire.cpp; what an earlier generation left: registry_recover.cpp.
#include "collector/drain/registry.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "collector/drain/predecessor.hpp"
#include "collector/log.hpp"
#include "shm/bell_slots.hpp"
#include "shm/identity_raw.hpp"

namespace tidemark::collector {
namespace {

constexpr int kNameTries = 16;  // who squats a name may be quick

std::uint64_t boot_time_unix_ns() {
    std::ifstream stat("/proc/stat");
    std::string word;
    while (stat >> word) {
        std::uint64_t seconds = 0;
        if (word == "btime" && stat >> seconds) return seconds * 1'000'000'000u;
    }
    return 0;
}

constexpr std::size_t kRefusedLookedAtAgain = 64;  // in one scan
constexpr std::uint64_t kRefusedNamed = 100;       // in the log

bool begins_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// Whatever it is, also a link to nowhere.
bool is_there(const std::string& name) {
    return faccessat(AT_FDCWD, ("/dev/shm/" + name).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// Real, effective, saved and file system user of a process. Empty: there is none, or it can't be seen.
std::string users_of(std::int32_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(status, line))
        if (begins_with(line, "Uid:")) return line.substr(sizeof "Uid:" - 1) + "\t";
    return {};
}

}  // namespace

std::vector<std::string> objects_with_prefix(const std::string& prefix) {
    std::vector<std::string> names;
    for_each_object(prefix, [&](const std::string& name) { names.push_back(name); });
    return names;
}

void for_each_object(const std::string& prefix,
                     const std::function<void(const std::string& name)>& visit) {
    DIR* directory = opendir("/dev/shm");
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
        if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) == 0) visit(entry->d_name);
    }
    closedir(directory);
}

Registry::Registry(const Configuration& configuration, Ledger& ledger, Totals& totals,
                   const ClockCalibration& clock, Publisher& publisher, SinkPort& sinks,
                   CollectorCounters& counters)
    : configuration_(configuration),
      ledger_(ledger),
      totals_(totals),
      clock_(clock),
      publisher_(publisher),
      sinks_(sinks),
      counters_(counters),
      boot_unix_ns_(boot_time_unix_ns()) {
    shm::Identity self;
    shm::read_own_identity(self);
    pid_namespace_ = self.pid_namespace;
}

void Registry::scan(Ends ends) {
    std::size_t others = 0, refused = 0;
    const std::set<std::string> waited = std::exchange(waiting_, {});
    if (!waited.empty()) waiting_.insert("");  // the shortage was told of
    for_each_object(shm::kRingPrefix, [&](const std::string& name) {
        // Whoever makes a hundred thousand of these would otherwise hold up the drain each time.
        if (refused_.count(name) == 0 || ++refused <= kRefusedLookedAtAgain) ring_appeared(name);
        if (ends == Ends::kLookFor) ring_released(name);
        others += others_.count(name);
    });
    waiting_.erase("");
    if (!waited.empty() && waiting_.empty()) log_notice("all rings are drained again");
    if (others_.size() > others) forget_gone(others_);
    if (refused_.size() > refused + kRefusedLookedAtAgain) forget_gone(refused_);
}

void Registry::forget_gone(NameSet& names) {
    NameSet still_there;
    for_each_object(shm::kRingPrefix, [&](const std::string& name) {
        if (names.count(name) != 0) still_there.insert(name);
    });
    names.swap(still_there);
}

void Registry::ring_appeared(const std::string& name) {
    if (!begins_with(name, shm::kRingPrefix) || others_.count(name) != 0) return;
    const std::uint64_t image =
        std::strtoull(name.c_str() + sizeof shm::kRingPrefix - 1, nullptr, 16);
    const auto known = images_.find(image);
    if (known != images_.end() && (known->second->ring || known->second->exited)) {
        return;  // attached, or a ring that took the id of an image that ended
    }
    Ring::Refusal why = Ring::Refusal::kNone;
    std::string error;
    std::unique_ptr<Ring> ring = Ring::attach(name, configuration_.instance, why, error);
    if (ring && *ring->identity().instance == '\0' && ring->owner() != geteuid() &&
        user_has_collector(ring->owner())) {
        return;  // its user's own collector takes it
    }
    if (ring && claims_another_users_process(*ring)) {
        return refuse(name, "cannot attach /dev/shm/" + name + ": uid " +
                                std::to_string(ring->owner()) + " says that it is of process " +
                                std::to_string(ring->identity().pid) +
                                ", which is another user's; it is left alone");
    }
    if (ring) return attach(std::move(ring));
    if (why == Ring::Refusal::kNotOurs) others_.insert(name);
    if (why == Ring::Refusal::kExhausted) return wait_with(name, error);
    if (why == Ring::Refusal::kBroken && is_there(name)) refuse(name, error);
}

void Registry::refuse(const std::string& name, const std::string& error) {
    if (!refused_.insert(name).second) return;
    if (++counters_.rings_refused <= kRefusedNamed) log_warning(error);
    if (counters_.rings_refused == kRefusedNamed)
        log_warning("more rings that are refused are counted, and not named any more");
}

// What a ring says of its process is shown beside that process's name, and joined with what others tell of it. Root may
// say what it likes, and so may this collector's own proxies of socket clients.
bool Registry::claims_another_users_process(const Ring& ring) const {
    const shm::RingHeader& said = ring.identity();
    const bool is_proxy = said.origin == TIDEMARK_ORIGIN_SOCKET && ring.owner() == geteuid();
    if (ring.owner() == 0 || is_proxy || is_foreign(said) || said.pid <= 0) return false;
    const std::string users = users_of(said.pid);
    return !users.empty() &&
           users.find("\t" + std::to_string(ring.owner()) + "\t") == std::string::npos;
}

// A pid of another namespace would name a stranger here.
bool Registry::is_foreign(const shm::RingHeader& said) const {
    return said.pid_namespace != 0 && pid_namespace_ != 0 && said.pid_namespace != pid_namespace_;
}

bool Registry::user_has_collector(std::uint32_t uid) const {
    return shm::live_collector_of(uid, "user-" + std::to_string(uid));
}

void Registry::attach(std::unique_ptr<Ring> ring) {
    ImageIdentity identity = identify(*ring);
    auto known = images_.find(identity.image);
    if (known == images_.end()) {
        if (identity.origin == TIDEMARK_ORIGIN_PROGRAM) end_predecessor(identity);
        // Where its next record lies stood in the account that it was drained into.
        if (ring->was_drained()) {
            if (refused_.insert(ring->name()).second)
                log_error("cannot go on with /dev/shm/" + ring->name() +
                          ": what was taken from it stands in an account that is not there; its "
                          "program is tracked again once it starts anew");
            return;
        }
        std::unique_ptr<Account> account = account_for(*ring, identity);
        if (!account) return;
        auto image = std::make_unique<Image>();
        image->identity = identity;
        image->account = std::move(account);
        add(std::move(image));
        known = images_.find(identity.image);
    }
    Image& image = *known->second;
    // Names of rings are to be seen by all: who takes one that became free must not go on with another's account.
    if (image.identity.uid != ring->owner()) {
        return refuse(ring->name(), "cannot attach /dev/shm/" + ring->name() +
                                        ": its image is of uid " +
                                        std::to_string(image.identity.uid) + ", it is of uid " +
                                        std::to_string(ring->owner()) + "; it is left alone");
    }
    image.ring = std::move(ring);
    image.ring->account = image.account.get();
    // What could not be trusted before a restart can't be after it.
    image.ring->put_in_quarantine(
        static_cast<tidemark_quarantine>(image.account->state.quarantine));
    image.ring->resume(image.account->positions);
    // A predecessor may have died between its commit and these: without them the program waits for space that it has,
    // and a flush for a publication that was (ours, before the scan).
    image.ring->give_back(image.account->positions);
    image.ring->mark_published(image.account->positions);
    refresh_declarations(image);
    image.ring->announce(bell_slot ? bell_slot(image.identity.uid) : -1,
                         static_cast<std::uint32_t>(getpid()));
    rota_.add(image);
    ++counters_.rings_attached;
    image.ended = false;  // of an earlier generation's: only now is known that it runs
    if (image.ring->producer_is_gone()) end(image);
    tell(SinkRecord::Kind::kStart, image);
    // Of a socket client the gateway decides when it ended: when it is dead and its last message was read.
    image.is_watched = on_attached && !image.is_told_by_socket() && image.identity.pid > 0;
    if (image.is_watched) on_attached(image.identity.image, image.identity.pid);
}

void Registry::refresh_declarations(Image& image) {
    const std::uint32_t count = image.ring->declaration_count();
    if (count == image.declarations_seen) return;
    image.declarations_seen = count;
    const shm::Declarations declared = image.ring->declarations();
    for (std::uint32_t i = 0; i < shm::kNamedPools; ++i) {
        if (declared.pools[i].ready != 1) continue;
        image.account->name_pool(TIDEMARK_POOL_FIRST_NAMED + i, declared.pools[i].memory,
                                 declared.pools[i].name);
    }
    publisher_.declare(declared, image.identity.uid);
}

void Registry::note_moved(const std::vector<Image*>& moved) {
    for (Image* image : moved) {
        const AccountState& state = image->account->state;
        count_losses(*image);
        if (state.table_full != 0 && !image->table_full_told) tell_table_full(*image);
        if (state.quarantine == 0 || image->quarantine_told) continue;
        image->quarantine_told = true;
        ++counters_.rings_quarantined;
        log_warning("ring of pid " + std::to_string(image->identity.pid) + " (" +
                    image->identity.name + ") is quarantined, reason " +
                    std::to_string(state.quarantine) +
                    "; its figures stay as they were, others are not affected");
    }
}

void Registry::count_losses(Image& image) {
    Account::Losses now;
    image.account->copy_losses(now);
    publisher_.count_loss(image.loss_counted, now);
    std::memcpy(image.loss_counted, now, sizeof now);
}

void Registry::tell_table_full(Image& image) {
    image.table_full_told = true;
    log_warning("the live table of pid " + std::to_string(image.identity.pid) + " (" +
                image.identity.name + ") has no room: its limit is " +
                std::to_string(configuration_.limits.live_table_bytes) +
                " bytes (limits.live_table), unless /dev/shm is full; allocations are counted as "
                "lost (no_space) while it has none");
}

Image& Registry::add(std::unique_ptr<Image> image) {
    Image& added = *image;
    images_.emplace(added.identity.image, std::move(image));
    auto& newest = added.is_told_by_socket() ? by_socket_pid_ : by_pid_;
    if (added.exited) {
        exited_.push_back(added.identity.image);
        if (added.identity.pid > 0) newest.emplace(added.identity.pid, added.identity.image);
        return added;
    }
    alive_.push_back(&added);
    if (added.identity.pid > 0) newest[added.identity.pid] = added.identity.image;
    find_sibling(added);
    counters_.running = alive_.size();
    return added;
}

void Registry::find_sibling(Image& image) {
    const auto& others = image.is_told_by_socket() ? by_pid_ : by_socket_pid_;
    const auto place = others.find(image.identity.pid);
    if (image.identity.pid <= 0 || place == others.end()) return;
    Image& other = *images_.at(place->second);
    if (other.exited || other.identity.start_ticks != image.identity.start_ticks) return;
    // A ring may claim any pid: it silences nobody but its own user's clients.
    if (other.identity.uid != image.identity.uid) return;
    if (other.sibling != nullptr) other.sibling->sibling = nullptr;  // it executed another program
    image.sibling = &other;
    other.sibling = &image;
}

ImageIdentity Registry::identify(const Ring& ring) {
    const shm::RingHeader& said = ring.identity();
    ImageIdentity identity;
    identity.image = said.image;
    identity.parent_image = said.parent_image;
    identity.forked = said.parent_image != 0;
    identity.origin =
        said.origin == TIDEMARK_ORIGIN_SOCKET ? TIDEMARK_ORIGIN_SOCKET : TIDEMARK_ORIGIN_PROGRAM;
    const bool foreign = is_foreign(said);
    identity.pid = foreign ? 0 : said.pid;
    identity.uid = ring.owner();
    identity.start_ticks = said.start_ticks;
    const auto per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    identity.start_unix_ns = boot_unix_ns_ + said.start_ticks * (1'000'000'000u / per_second);
    identity.stack_frames = ring.call_sites().frames;
    std::memcpy(identity.name, said.name, sizeof identity.name);
    std::memcpy(identity.command, said.command, sizeof identity.command);
    if (identity.forked) return identity;
    // The process that started this one, as far as it is tracked.
    const auto parent = by_pid_.find(said.parent_pid);
    if (parent != by_pid_.end() && !foreign && !images_.at(parent->second)->exited)
        identity.parent_image = parent->second;
    return identity;
}

// An exec in place: same process, another image. The old ring's mapping is gone, so its end need not be waited for; it
// may be past already.
void Registry::end_predecessor(ImageIdentity& identity) {
    const auto place = by_pid_.find(identity.pid);
    if (place == by_pid_.end() || place->second == identity.image) return;
    Image& old = *images_.at(place->second);
    if (old.identity.start_ticks != identity.start_ticks) return;
    // A ring may claim the pid of one that has ended: that ends nobody but its own user's images.
    if (old.identity.uid != identity.uid &&
        shm::read_start_ticks(identity.pid) != identity.start_ticks) {
        return;
    }
    if (old.ring && !old.ring->producer_is_gone()) return;
    old.ended_by_exec = true;
    if (!old.exited)
        end(old);
    else if (old.untold_row)
        tell_end(old);
    identity.parent_image = old.identity.image;
    identity.forked = false;
}

std::unique_ptr<Account> Registry::account_for(const Ring& ring, const ImageIdentity& identity) {
    std::string error;
    LedgerHeader& kept = ledger_.header();
    // Both only ever grow; a number left out after a crash harms nothing.
    const std::uint32_t serial = kept.next_serial;
    TIDEMARK_SHARED_STORE("ledger.serial", kept.next_serial = serial + 1);
    std::unique_ptr<Account> account =
        Account::create(configuration_.instance, identity, serial, configuration_.limits, error);
    const std::string name = Account::name_of(configuration_.instance, identity.image);
    for (int tries = 0; !account && tries < kNameTries; ++tries) {
        if (!free_account_name(configuration_.instance, name)) break;
        account = Account::create(configuration_.instance, identity, serial, configuration_.limits,
                                  error);
    }
    if (!account) wait_with(ring.name(), error);
    return account;
}

// Told once a shortage, not for each of the thousand rings that it may hit.
void Registry::wait_with(const std::string& ring, const std::string& why) {
    if (waiting_.empty())
        log_error(why + "; " + ring +
                  " and others that need the same are drained once it is there");
    waiting_.insert(ring);
}

void Registry::mark_instrumented(std::vector<tidemark_region_row>& rows) const {
    for (tidemark_region_row& row : rows)
        row.instrumented = tells_of(row.pid, row.device) ? 1 : 0;
}

bool Registry::tells_of(std::int32_t pid, std::uint32_t device) const {
    for (const auto* newest : {&by_pid_, &by_socket_pid_}) {
        const auto place = newest->find(pid);
        if (place == newest->end()) continue;
        const Image& image = *images_.at(place->second);
        if (image.exited || !image.account) continue;
        for (std::uint32_t i = 0; i < image.account->usage_count; ++i)
            if (image.account->state.usages[i].device == device) return true;
    }
    return false;
}

void Registry::end(Image& image) {
    image.ended = true;
    may_have_ended = true;
}

void Registry::announce_slots(bool moved) {
    for (Image* image : alive_) {
        if (!image->ring || image->ended) continue;
        const int slot = bell_slot ? bell_slot(image->identity.uid) : -1;
        if (moved) rota_.watch(*image);
        if (slot == image->ring->announced_slot()) continue;
        image->ring->announce(slot, static_cast<std::uint32_t>(getpid()));
        rota_.watch(*image);
    }
}

}  // namespace tidemark::collector
