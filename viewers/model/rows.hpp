// SPDX-License-Identifier: Apache-2.0
//
// Single rows of the stats segment to parts of a Snapshot, within viewers/model.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tidemark/stats_reader.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// Without its user and usage.
Process process_of(const tidemark_process_row& row);
PoolUsage usage_of(const tidemark_process_usage_row& row);

// What may change while a program runs: all before its texts, which were fixed when it was attached, and its ending.
void take_figures(const tidemark_process_row& row, Process& process);
// How it ended.
void take_ending(const tidemark_process_row& row, Process& process);
// The figures alone: not which pool it is.
void take_figures(const tidemark_process_usage_row& row, PoolUsage& usage);
// As usage_of would name it.
std::string pool_name_of(const tidemark_process_usage_row& row);

// How the rows of processes and of their pools begin: as much as says whose they are.
struct ProcessKey {
    std::uint64_t pass;
    std::uint32_t in_use;
    std::uint32_t state;
    std::uint64_t image;
    std::uint64_t parent_image;
    std::int32_t pid;
    std::uint32_t uid;
    std::uint64_t start_ticks;
};
static_assert(offsetof(ProcessKey, image) == offsetof(tidemark_process_row, image) &&
              offsetof(ProcessKey, start_ticks) == offsetof(tidemark_process_row, start_ticks));
struct UsageKey {
    std::uint64_t pass;
    std::uint32_t in_use;
    std::int32_t pid;
    std::uint64_t image;
    std::uint32_t device;
    std::uint32_t pool;
};
static_assert(offsetof(UsageKey, image) == offsetof(tidemark_process_usage_row, image) &&
              offsetof(UsageKey, pool) == offsetof(tidemark_process_usage_row, pool));

// A tidemark_read_result each.
inline int read_key(const StatsReader& reader, std::uint32_t index, ProcessKey& key) {
    return tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_PROCESS, index, &key, sizeof key);
}
inline int read_key(const StatsReader& reader, std::uint32_t index, UsageKey& key) {
    return tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_PROCESS_USAGE, index, &key,
                               sizeof key);
}
// A row as far as its texts; all of it once its program ended, so that how it did is known.
inline bool read_figures(const StatsReader& reader, std::uint32_t index,
                         tidemark_process_row& row) {
    constexpr std::size_t kFigures = offsetof(tidemark_process_row, name);
    const auto read = [&](std::size_t size) {
        return tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_PROCESS, index, &row, size) ==
               TIDEMARK_READ_OK;
    };
    return read(kFigures) && (row.state == TIDEMARK_PROCESS_RUNNING || read(sizeof row));
}
// Without the histogram that ends the row, and is no part of a snapshot.
inline bool read_usage(const StatsReader& reader, std::uint32_t index,
                       tidemark_process_usage_row& row) {
    return tidemark_reader_row(&reader.raw(), TIDEMARK_TABLE_PROCESS_USAGE, index, &row,
                               offsetof(tidemark_process_usage_row, size_histogram)) ==
           TIDEMARK_READ_OK;
}

// From the tables of devices, memories and usage; `whole`: stays true if no row was missed.
void read_devices(const StatsReader& reader, std::vector<Device>& found, bool& whole);
void read_regions(const StatsReader& reader, std::vector<Region>& found, bool& whole);

}  // namespace tidemark::model
