// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/pass.hpp"

#include <algorithm>
#include <cstring>

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kSettleNs = 1000;  // clocks of two cores may differ by less than that
constexpr std::uint64_t kStepNs = 1'000'000'000;
// A few milliseconds: tails move at the commit only, and a producer whose ring is full waits for its tail to move.
constexpr std::uint64_t kMostEvents = 65536;

}  // namespace

std::uint64_t Pass::run(const std::vector<Image*>& images, std::vector<Image*>& moved,
                        std::uint32_t share, bool all) {
    const std::uint64_t settle = clock_.ticks_of(kSettleNs);
    limit_ = clock_.now() - (all ? 0 : settle);
    if (all) {
        // Whoever published before the call stamped before it, give or take the settling time.
        limit_ += settle;
        while (clock_.now() <= limit_) {
        }
    }
    far_ahead_ = limit_ + clock_.ticks_of(kStepNs);
    planned_ = 2 * ledger_.row_count() + 4 + sizeof(LedgerHeader) / kUndoBytes;
    left_work_ = is_starved_ = false;
    stopped_before_ = 0;
    share_ = share;
    follow_ = sinks_.wants_events();
    std::uint64_t before = 0;
    std::uint64_t events = 0;
    for (Image* image : images) {
        if (events >= kMostEvents || !room_for_event()) {
            left_work_ = true;
            stopped_before_ = image->identity.image;
            break;
        }
        before = image->account->state.events;
        if (!drain(*image)) continue;
        events += image->account->state.events - before;
        planned_ += image->account->seal_records();
        moved.push_back(image);
    }
    cover(moved);
    if (!moved.empty()) commit(moved, events);
    return events;
}

// Before anything is summed: what both a socket and the process's own ring tell of counts once.
void Pass::cover(std::vector<Image*>& moved) {
    covered_.clear();
    for (std::size_t i = 0; i < moved.size(); ++i) {
        Image* image = moved[i];
        Image* told = image->is_told_by_socket() ? image : image->sibling;
        if (told == nullptr || !told->ring) continue;
        const bool has_moved = std::find(moved.begin(), moved.end(), told) != moved.end();
        if (!has_moved) {
            // Its records were not planned for. Without room it is covered at the next event of either.
            const std::uint64_t records = told->account->seal_records();
            if (!ledger_.journal().reserve(planned_ + records)) continue;
            planned_ += records;
            told->account->begin_pass();
        }
        if (!find_covered(*told, covered_) || has_moved) continue;
        told->account->dirty = true;
        moved.push_back(told);
    }
}

// True if the account changed.
bool Pass::drain(Image& image) {
    Ring& ring = *image.ring;
    Account& account = *image.account;
    bool changed = read_live_words(image);
    if (ring.quarantine() == TIDEMARK_QUARANTINE_NONE) {
        account.begin_pass();
        open_feeds(image);
        if (feeds_.size() == 1)
            drain_single(feeds_[0], image);
        else if (!feeds_.empty())
            drain_merged(image);
        account.settle(ledger_.journal(), nursery_, planned_);
        close_feeds(image);
        name_pools(image);
        changed |= !feeds_.empty();
    }
    if (ring.quarantine() != account.state.quarantine) {
        account.state.quarantine = ring.quarantine();
        changed = true;
    }
    account.dirty |= changed;
    return changed;
}

// Loss, sandbox: words that the producer moves outside of its lanes.
bool Pass::read_live_words(Image& image) {
    shm::LossCounter loss[TIDEMARK_LOSS_CAUSE_COUNT];
    image.ring->read_loss(loss);
    AccountState& state = image.account->state;
    const bool is_cut_off = image.is_cut_off && state.gapped == 0;
    if (image.ring->quarantine() != TIDEMARK_QUARANTINE_NONE ||
        (std::memcmp(loss, state.loss, sizeof loss) == 0 && !is_cut_off)) {
        return false;
    }
    std::memcpy(state.loss, loss, sizeof loss);
    state.gapped = 1;
    return true;
}

// A pool may be named and used after the declarations were looked at and before this pass read the heads. Who sees its
// first event finds its name.
void Pass::name_pools(Image& image) {
    Account& account = *image.account;
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        const std::uint32_t pool = account.state.usages[i].pool;
        if (pool < TIDEMARK_POOL_FIRST_NAMED || account.header().pools[pool].name[0] != '\0') {
            continue;
        }
        const std::uint32_t place = pool - TIDEMARK_POOL_FIRST_NAMED;
        const shm::PoolDeclaration said = image.ring->declarations().pools[place];
        if (said.ready == 1) account.name_pool(pool, said.memory, said.name);
    }
}

void Pass::commit(std::vector<Image*>& moved, std::uint64_t events) {
    for (Image* image : moved)
        totals_.note_rise(*image->account, image->counted);
    totals_.store_peaks();
    for (Image* image : moved)
        image->account->seal(ledger_.journal());
    LedgerHeader header = ledger_.header();
    header.passes += 1;
    header.events += events;
    ledger_.assign(header);
    ledger_.journal().commit();
    for (Image* image : moved) {
        image->account->committed();
        totals_.count(*image->account, image->counted);
        image->ring->give_back(image->account->positions);
    }
}

}  // namespace tidemark::collector
