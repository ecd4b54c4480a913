// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/capacities.hpp"

#include <strings.h>

namespace tidemark::sensors {
namespace {

constexpr std::uint64_t kGB = std::uint64_t{1} << 30;
// L1 of one Tensix core: worker_l1_size of tt-metal's tt_metal/soc_descriptors, wormhole_b0_80_arch.yaml and
// blackhole_140_arch.yaml. The data sheets round both to 1.5 MB.
constexpr std::uint64_t kWormholeL1 = 1'499'136;
constexpr std::uint64_t kBlackholeL1 = 1'572'864;

struct Card {
    std::string_view type;
    Capacities capacities;
};

// Cores and DRAM of a chip: docs.tenstorrent.com/aibs/wormhole/specifications.html (n150: 72 cores, 12 GB; n300: two
// chips of 64 cores, 24 GB together) and docs.tenstorrent.com/aibs/blackhole/specifications.html (p100a: 120 cores,
// 28 GB; p150: 32 GB). How many cores a p150 has depends on its firmware, so its L1 is unknown.
constexpr Card kCards[] = {
    {"n150", {12 * kGB, 72 * kWormholeL1}},    {"n300", {12 * kGB, 64 * kWormholeL1}},
    {"p100a", {28 * kGB, 120 * kBlackholeL1}}, {"p150a", {32 * kGB, std::nullopt}},
    {"p150b", {32 * kGB, std::nullopt}},
};

}  // namespace

Capacities capacities_of(std::string_view card_type) {
    for (const Card& card : kCards) {
        if (card.type.size() == card_type.size() &&
            strncasecmp(card.type.data(), card_type.data(), card_type.size()) == 0) {
            return card.capacities;
        }
    }
    return {};
}

}  // namespace tidemark::sensors
