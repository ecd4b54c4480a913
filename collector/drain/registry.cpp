// SPDX-License-Identifier: Apache-2.0
//
// Who is known. How rings come in: registry_door.cpp, registry_attach.cpp; how images end: registry_retire.cpp and what
// stands beside it; what an earlier generation left: registry_recover.cpp.
#include "collector/drain/registry.hpp"

#include <unistd.h>

#include <cstring>
#include <fstream>

#include "collector/log.hpp"
#include "shm/identity_raw.hpp"

namespace tidemark::collector {
namespace {

std::uint64_t boot_time_unix_ns() {
    std::ifstream stat("/proc/stat");
    std::string word;
    while (stat >> word) {
        std::uint64_t seconds = 0;
        if (word == "btime" && stat >> seconds) return seconds * 1'000'000'000u;
    }
    return 0;
}

}  // namespace

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

void Registry::end(Image& image) {
    image.ended = true;
    may_have_ended = true;
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
