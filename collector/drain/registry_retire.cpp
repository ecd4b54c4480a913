// SPDX-License-Identifier: Apache-2.0
//
// The end of an image. Death is seen by the producer's lock coming free, which exec, exit and SIGKILL all do and
// nothing else does; then what it had published is drained, what it left is reported, its figures go to the ledger.
#include <cstring>

#include "collector/drain/coverage.hpp"
#include "collector/drain/registry.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr std::size_t kReturningAtOnce = 16;

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

}  // namespace tidemark::collector
