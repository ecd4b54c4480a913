// SPDX-License-Identifier: Apache-2.0
//
// Writes what the instance publishes as tt-metal's shared regions would say it, for tools that read those: a region for
// each accelerator, version 4, its device number in place of the chip's unique id, which nobody here knows.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "collector/regions/region_layout.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::collector::regions {

// One thread. Its objects are removed with it.
class RegionExport {
public:
    RegionExport(std::string directory, std::string instance)
        : directory_(std::move(directory)), instance_(std::move(instance)) {}
    ~RegionExport();
    RegionExport(const RegionExport&) = delete;
    RegionExport& operator=(const RegionExport&) = delete;

    // Writes the regions whose figures changed. A region under a name that tt-metal itself uses is left alone, and told
    // of once.
    void write();

private:
    std::map<std::uint32_t, Region> regions_of_devices(const StatsReader& stats);
    int open_region(std::uint32_t device);
    int with_space(std::uint32_t device, int descriptor);
    std::string path_of(std::uint32_t device) const;

    std::string directory_;
    std::string instance_;
    std::optional<StatsReader> reader_;
    std::map<std::uint32_t, Region> written_;
    std::map<std::uint32_t, int> descriptors_;
    std::set<std::uint32_t> refused_;  // told of
    std::set<std::uint32_t> starved_;  // the same, but tried again
};

}  // namespace tidemark::collector::regions
