// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/world.hpp"

#include <algorithm>

namespace tidemark::tui {
namespace {

Amount& amount_of(Sums& sums, std::uint32_t memory) {
    switch (memory) {
        case TIDEMARK_MEMORY_DRAM:
            return sums.dram;
        case TIDEMARK_MEMORY_L1:
            return sums.l1;
        case TIDEMARK_MEMORY_HOST:
            return sums.host;
        default:
            return sums.other;
    }
}

}  // namespace

Sums& Sums::operator+=(const Sums& more) {
    for (Amount Sums::*amount :
         {&Sums::dram, &Sums::l1, &Sums::host, &Sums::other, &Sums::live, &Sums::peak,
          &Sums::events, &Sums::lost, &Sums::bytes_per_second, &Sums::count_per_second}) {
        this->*amount += more.*amount;
    }
    is_at_most = true;
    return *this;
}

Sums sums_of(const model::Process& process, const Trails& trails) {
    Sums sums;
    const auto rate = trails.rate_of(process);
    sums.bytes_per_second.value = rate ? std::optional(rate->bytes) : std::nullopt;
    sums.count_per_second.value = rate ? std::optional(rate->count) : std::nullopt;
    refresh(sums, process);
    return sums;
}

void refresh(Sums& sums, const model::Process& process) {
    const Amount bytes = sums.bytes_per_second, count = sums.count_per_second;
    sums = {};
    std::uint32_t seen = 0;  // memories, a bit each
    for (const model::PoolUsage& pool : process.usage) {
        Amount& amount = amount_of(sums, pool.memory);
        seen |= 1u << std::min(pool.memory, 31u);
        amount += {pool.current, pool.exact};
        sums.live += {pool.live, pool.exact};
        sums.peak += {pool.peak, pool.exact};
        sums.is_at_most = sums.is_at_most || process.usage.size() > 1 || !pool.peak_exact;
    }
    for (std::uint32_t memory = 0; !process.exact && memory <= TIDEMARK_MEMORY_COUNT; ++memory) {
        // A pool that an image never used has no row; what it lost may have lain there.
        if ((seen >> memory & 1) == 0) amount_of(sums, memory) = {std::nullopt, false};
    }
    sums.events = {process.events, true};
    sums.lost = {process.lost.total_count(), true};
    sums.bytes_per_second = {process.exited ? 0 : bytes.value, process.exact};
    sums.count_per_second = {process.exited ? 0 : count.value, process.exact};
}

SizeCounts sizes_of(const Detail& detail) {
    SizeCounts counts{};
    for (const model::SizeHistogram& one : detail.histograms) {
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += one.counts[i];
    }
    return counts;
}

const model::Process* find_process(const model::Snapshot& snapshot, std::uint64_t image) {
    for (const model::Process& process : snapshot.processes) {
        if (process.image == image) return &process;
    }
    return nullptr;
}

}  // namespace tidemark::tui
