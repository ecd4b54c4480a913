// SPDX-License-Identifier: Apache-2.0
//
// A ring that was let in becomes an image, or goes on with the one that it has.
#include <unistd.h>

#include <cstring>
#include <utility>

#include "collector/drain/predecessor.hpp"
#include "collector/drain/registry.hpp"
#include "collector/log.hpp"
#include "shm/identity_raw.hpp"

namespace tidemark::collector {
namespace {

constexpr int kNameTries = 16;  // who squats a name may be quick

}  // namespace

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
    // Its predecessor may have been forgotten by ours.
    if (!image.identity.forked && images_.count(image.identity.parent_image) == 0)
        image.identity.parent_image = starter_of(image.ring->identity());
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
    identity.parent_image = starter_of(said);
    return identity;
}

// The process that started this one, as far as it is tracked.
std::uint64_t Registry::starter_of(const shm::RingHeader& said) const {
    const auto parent = by_pid_.find(said.parent_pid);
    if (parent == by_pid_.end() || is_foreign(said)) return 0;
    const Image& image = *images_.at(parent->second);
    const bool is_older = image.identity.start_ticks <= said.start_ticks;
    return is_older && !image.exited ? parent->second : 0;
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

}  // namespace tidemark::collector
