// SPDX-License-Identifier: Apache-2.0
//
// Capacities of Tenstorrent cards by card type, of one chip, for where neither the configuration nor a program told
// them. Only what a public source states; anything else is unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemark::sensors {

// Bytes.
struct Capacities {
    std::optional<std::uint64_t> dram;
    std::optional<std::uint64_t> l1;  // of all Tensix cores together
};

// `card_type` as the driver says it ("n300"), any case.
Capacities capacities_of(std::string_view card_type);

}  // namespace tidemark::sensors
