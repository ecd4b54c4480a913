// SPDX-License-Identifier: Apache-2.0
//
// What an earlier generation left: accounts, and perhaps a pass that it did not finish. The journal is undone
// backwards over all objects that it names, then emptied; killed in the middle of that, the next one does it again.
#include <algorithm>
#include <cstring>

#include "collector/drain/registry.hpp"
#include "collector/log.hpp"
#include "shm/identity_raw.hpp"

namespace tidemark::collector {
namespace {

bool lives(const ImageIdentity& identity) noexcept {
    return identity.pid > 0 && identity.start_ticks != 0 &&
           shm::read_start_ticks(identity.pid) == identity.start_ticks;
}

}  // namespace

void Registry::recover() {
    std::vector<std::unique_ptr<Account>> accounts;
    std::map<std::uint32_t, Account*> by_serial;
    for (const std::string& name :
         objects_with_prefix("tidemark." + configuration_.instance + ".account.")) {
        std::string error;
        std::unique_ptr<Account> account = Account::open(name, configuration_.limits, error);
        if (!account) {
            log_notice(error);
            continue;
        }
        by_serial[account->state.serial] = account.get();
        accounts.push_back(std::move(account));
    }
    undo(by_serial);
    for (std::unique_ptr<Account>& account : accounts) {
        const char* damage = account->damage();
        if (damage == nullptr && account->reload()) {
            adopt(std::move(account));
            continue;
        }
        log_error("cannot use /dev/shm/" + account->object_name() + ": " +
                  (damage != nullptr ? damage : "it cannot be read") +
                  "; its figures are not shown");
    }
    std::sort(exited_.begin(), exited_.end(), [this](std::uint64_t a, std::uint64_t b) {
        return images_.at(a)->forget_at_ns < images_.at(b)->forget_at_ns;
    });
}

void Registry::keep_cut_off() {
    std::size_t living = 0;
    for (Image* image : alive_) {
        if (!image->is_told_by_socket() || !image->ended) continue;
        image->is_cut_off = true;
        if (!still_holds(*image)) continue;
        image->ended = false;
        ++living;
    }
    if (living != 0)
        log_notice(std::to_string(living) +
                   " socket clients of the collector before still live; "
                   "what it was told of them is kept until they end, and is not exact");
}

// Nobody holds such a ring's lock any more: its process is looked at in its place, with the look that each ring gets now
// and then.
bool Registry::still_holds(const Image& image) {
    return image.is_cut_off && image.ring && lives(image.identity);
}

void Registry::undo(std::map<std::uint32_t, Account*>& by_serial) {
    Journal& journal = ledger_.journal();
    if (journal.count() == 0) return;
    for (std::uint64_t i = journal.count(); i-- > 0;) {
        const UndoRecord& record = journal.at(i);
        if (record.serial == kLedgerSerial) {
            ledger_.undo(record);
        } else if (const auto place = by_serial.find(record.serial); place != by_serial.end()) {
            place->second->undo(record);
        }
    }
    journal.clear();
    TIDEMARK_SHARED_STORE("ledger.recoveries", ledger_.header().recoveries += 1);
    log_notice("an unfinished pass was undone; its events are taken again");
}

void Registry::adopt(std::unique_ptr<Account> account) {
    const tidemark_account_header& h = account->header();
    if (images_.count(h.image) != 0) return;
    auto image = std::make_unique<Image>();
    ImageIdentity& identity = image->identity;
    identity.image = h.image;
    identity.parent_image = h.parent_image;
    identity.forked = account->state.forked != 0;
    identity.origin = account->state.origin;
    identity.pid = h.pid;
    identity.uid = h.uid;
    identity.start_ticks = h.start_ticks;
    identity.start_unix_ns = h.start_unix_ns;
    std::memcpy(identity.name, h.name, sizeof identity.name);
    std::memcpy(identity.command, h.command, sizeof identity.command);
    identity.name[sizeof identity.name - 1] = '\0';
    identity.command[sizeof identity.command - 1] = '\0';
    image->account = std::move(account);
    if (h.state == TIDEMARK_ACCOUNT_EXITED) {
        image->exited = true;
        image->exit_unix_ns = h.exit_unix_ns;
        const std::uint64_t grace = configuration_.limits.exited_grace_ns;
        const std::uint64_t since = shm::monotonic_ns(CLOCK_REALTIME) - h.exit_unix_ns;
        const std::uint64_t left = since < grace ? grace - since : 0;
        image->forget_at_ns = grace == kUnknown ? UINT64_MAX : shm::monotonic_ns() + left;
        char ring[64];
        std::snprintf(ring, sizeof ring, "%s%016llx", shm::kRingPrefix,
                      static_cast<unsigned long long>(h.image));
        shm::Segment::unlink(ring);  // folded before, not yet unlinked
        if (image->account->state.reported == 0) {
            report_leaks(*image);
            tell(SinkRecord::Kind::kExit, *image, image->untold_bytes, image->untold_buffers);
        }
    } else {
        // Its ring, if it is still there, is attached by the scan that follows; if not, all of it was drained.
        end(*image);
        totals_.count(*image->account, image->counted);
        count_losses(*image);
    }
    add(std::move(image));
}

}  // namespace tidemark::collector
