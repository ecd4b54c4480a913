// SPDX-License-Identifier: Apache-2.0
//
// The crash-proof state of one image, and what its events mean. The drain thread works on a private copy of the small
// state and seals it into the object at the end of a pass; the live table is changed in place. Both only under the
// journal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collector/configuration.hpp"
#include "collector/drain/account_layout.hpp"
#include "collector/drain/call_sites.hpp"
#include "collector/drain/journal.hpp"
#include "collector/drain/live_table.hpp"
#include "collector/drain/nursery.hpp"
#include "collector/sink_record.hpp"
#include "shm/segment.hpp"

namespace tidemark::collector {

// Who an image is, as its ring segment says; copied, checked, never followed.
struct ImageIdentity {
    std::uint64_t image = 0;
    std::uint64_t parent_image = 0;
    std::int32_t pid = 0;
    std::uint32_t uid = 0;
    std::uint64_t start_ticks = 0;
    std::uint64_t start_unix_ns = 0;
    bool forked = false;             // parent_image's child by fork, not by exec
    std::uint32_t origin = 0;        // tidemark_origin
    std::uint32_t stack_frames = 0;  // of a call site, at most; 0: none are recorded
    char name[16] = {};
    char command[256] = {};
};

// Drain thread only.
class Account {
public:
    static std::string name_of(const std::string& instance, std::uint64_t image);

    [[nodiscard]] static std::unique_ptr<Account> create(const std::string& instance,
                                                         const ImageIdentity& identity,
                                                         std::uint32_t serial, const Limits& limits,
                                                         std::string& error);
    // An account that an earlier generation left.
    [[nodiscard]] static std::unique_ptr<Account> open(const std::string& name,
                                                       const Limits& limits, std::string& error);

    // Recovery, in this order: undo each record, then reload once. False: it can't be read now.
    bool undo(const UndoRecord& record) noexcept;
    // Between the two. What of it can't be, so that it must not be used; null: nothing.
    const char* damage() const;
    [[nodiscard]] bool reload();

    const tidemark_account_header& header() const noexcept {
        return *reinterpret_cast<const tidemark_account_header*>(segment_.data());
    }
    tidemark_account_header& header() noexcept {
        return *reinterpret_cast<tidemark_account_header*>(segment_.data());
    }
    Target target() const noexcept { return {segment_.data(), state.serial}; }
    std::string object_name() const { return name_; }

    // A pass: prefetch a few events ahead, apply in stamp order, seal, (commit), committed.
    std::uint64_t hash(const shm::Event& event) const noexcept {
        return table_.hash(event.device, event.id);
    }
    [[gnu::always_inline]] void prefetch_slot(std::uint64_t hash) const noexcept {
        table_.prefetch_slot(hash);
    }
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const noexcept {
        table_.prefetch(hash);
    }
    // Undo records that an event may need beside one insert's, and those of the buffers that wait in the nursery.
    static constexpr std::uint64_t kRecordsBeside = 8 + Nursery::kPlaces;
    // Needs LiveTable::kMostRecords + kRecordsBeside undo records reserved.
    void apply(Journal& journal, Nursery& nursery, const shm::Event& event, std::uint64_t hash,
               SinkPort* follower) noexcept;
    // After the last event of a drain: the live table gets what the nursery holds. `planned`: undo records that are to
    // be left; kRecordsBeside more are there.
    void settle(Journal& journal, Nursery& nursery, std::uint64_t planned) noexcept;
    void begin_pass() noexcept;
    // Before a lane is drained for the first time: room for the positions of lanes below `count`. False: no space.
    [[nodiscard]] bool make_positions_ready(std::uint32_t count) noexcept;
    // Undo records that seal may need now.
    std::uint64_t seal_records() const noexcept;
    void seal(Journal& journal) noexcept;
    void committed() noexcept;
    // Marks the image ended, inside the transaction that folds it into the ledger.
    void end(Journal& journal, std::uint64_t exit_unix_ns, std::uint64_t exit_ticks) noexcept;
    // Of an image that ended and is committed: what its object keeps is who it was, its figures and what it left.
    // The memory of its pages then goes back by many calls of give_back_some(), the last of which returns false.
    void shrink(Journal& journal);
    bool give_back_some() noexcept;
    // The leak log holds what the image left.
    void mark_reported() noexcept;
    // Stores the pools' names that the image declared; not journaled, they say the same each time.
    void name_pool(std::uint32_t pool, std::uint32_t memory, const char* name) noexcept;

    // Before the events of a pass are applied: copies the call sites that they name, and what names those. An event
    // whose call site finds no room names none.
    void keep_call_sites(const CallSitePlaces& ring, std::uint32_t modules_used,
                         std::uint64_t dropped, shm::Event* events, std::size_t count) noexcept;

    bool prepare_ahead() noexcept { return table_.prepare_ahead(); }

    const LiveTable& table() const noexcept { return table_; }
    // What was lost before it was applied, and what the live table had no room for (as no_space).
    using Losses = shm::LossCounter[TIDEMARK_LOSS_CAUSE_COUNT];
    void copy_losses(Losses& out) const noexcept;
    // Buffers that its usages hold.
    std::uint64_t live() const noexcept;
    bool exact() const noexcept;
    const char* pool_name(std::uint32_t pool) const noexcept;
    std::uint32_t pool_memory(std::uint32_t pool) const noexcept;

    // Working copies. `state.usages[i].used` is 0 from usage_count on.
    AccountState state{};
    std::vector<shm::LanePosition> positions;
    std::uint32_t usage_count = 0;
    bool dirty = false;  // something is to be sealed

    // Of the pass under way, by usage: figures at its start and their highest since.
    struct PassMark {
        std::uint64_t start = 0;
        std::uint64_t highest = 0;
        bool moved = false;
    };
    PassMark marks[kUsagesPerAccount];

private:
    // The figures of a pool, which the pass moves; null: there are too many. Mostly the last event's again.
    UsageState* usage(std::uint32_t device, std::uint32_t pool) noexcept {
        UsageState& last = state.usages[last_usage_];
        if (last.device != device || last.pool != pool || last.used == 0)
            return find_usage(device, pool);
        marks[last_usage_].moved = true;
        return &last;
    }
    UsageState* find_usage(std::uint32_t device, std::uint32_t pool) noexcept;
    void allocate(Journal& journal, Nursery& nursery, const shm::Event& event,
                  std::uint64_t hash) noexcept;
    void free(Journal& journal, Nursery& nursery, const shm::Event& event, std::uint64_t hash,
              std::uint64_t& size, std::uint32_t& pool) noexcept;
    void settle(Journal& journal, Nursery& nursery, std::uint32_t place,
                std::uint64_t records) noexcept;
    void reject(std::uint64_t size) noexcept;
    void supersede(Journal& journal, tidemark_account_entry* entry, const shm::Event& event,
                   UsageState& u) noexcept;
    bool reclaim_superseded(const shm::Event& event, std::uint64_t& size) noexcept;
    void free_unknown() noexcept;
    void gap(const shm::Event& event) noexcept;
    void tell(SinkPort& sink, const shm::Event& event, std::uint64_t size,
              std::uint32_t pool) noexcept;
    void attach_table(const Limits& limits) noexcept;
    std::uint64_t table_end() const noexcept {
        return sites_.places().frames != 0 ? sites_.places().stacks : segment_.size();
    }

    std::string name_;
    shm::Segment segment_;
    LiveTable table_;
    CallSites sites_;
    std::uint64_t table_limit_ = 0;
    std::uint32_t last_usage_ = 0;
    std::uint32_t ready_positions_ = 0;
    bool lives_moved_ = false;
    std::uint64_t returning_from_ = 0, returning_until_ = 0;  // offsets
};

}  // namespace tidemark::collector
