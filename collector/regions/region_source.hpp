// SPDX-License-Identifier: Apache-2.0
//
// Reads tt-metal's shared regions: devices, remote chips and processes that tell Tidemark nothing themselves. Nothing in
// a region is believed beyond what its owner could know: a process is shown only if it lives and belongs to the owner.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/regions/region_layout.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::collector::regions {

// One thread.
class RegionSource {
public:
    explicit RegionSource(std::string directory) : directory_(std::move(directory)) {}

    // What all regions say now, chips first, then processes. A region that can't be read is told of once.
    std::vector<tidemark_region_row> read();

private:
    std::optional<Region> copy(const std::string& name, std::uint32_t& owner);
    void refuse(const std::string& name, const std::string& why);

    std::string directory_;
    std::set<std::string> refused_;  // told of
};

// The number in the name of a region; nothing for another object's name.
std::optional<std::uint64_t> region_of(const std::string& name);

}  // namespace tidemark::collector::regions
