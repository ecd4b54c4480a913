// SPDX-License-Identifier: Apache-2.0
//
// The columns of the process table: their names, as the settings file has them, their titles and widths.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tidemark::tui {

enum class Column {
    kPid,
    kParent,
    kUser,
    kState,
    kDevices,
    kDram,
    kL1,
    kHost,
    kOther,
    kPeak,
    kLive,
    kByteRate,
    kEventRate,
    kEvents,
    kLost,
    kAge,
    kCommand,
};

struct ColumnInfo {
    Column column;
    const char* name;   // in the settings file
    const char* title;  // in the table
    const char* meaning;
    std::size_t width;  // at least; wider cells widen it, the command takes what is left
    bool is_text;       // aligned to the left, sorted upwards first
    // Where a window is too narrow, those with the highest number go first.
    int expendable;
};

inline constexpr std::array<ColumnInfo, 17> kColumnTable = {{
    {Column::kPid, "pid", "PID", "process id", 7, false, 0},
    {Column::kParent, "parent", "PARENT", "process id of the tracked parent", 7, false, 9},
    {Column::kUser, "user", "USER", "owner", 8, true, 7},
    {Column::kState, "state", "STATE", "runs, or how it ended", 8, true, 6},
    {Column::kDevices, "devices", "DEV", "devices that it uses; H: the host", 5, true, 5},
    {Column::kDram, "dram", "DRAM", "held in the DRAM of all devices shown", 10, false, 1},
    {Column::kL1, "l1", "L1", "held in L1: its buffers, circular buffers, kernels", 10, false, 2},
    {Column::kHost, "host", "HOST", "held in host memory", 10, false, 1},
    {Column::kOther, "other", "OTHER", "held in memories that this version does not know", 10,
     false, 10},
    {Column::kPeak, "peak", "PEAK", "highest sum, at most: the pools' peaks added", 11, false, 8},
    {Column::kLive, "live", "BUFFERS", "live buffers", 8, false, 4},
    {Column::kByteRate, "bytes_per_second", "ALLOC/S", "allocated each second", 11, false, 3},
    {Column::kEventRate, "allocations_per_second", "COUNT/S", "allocations each second", 8, false,
     9},
    {Column::kEvents, "events", "EVENTS", "events consumed", 13, false, 10},
    {Column::kLost, "lost", "LOST", "events lost", 9, false, 9},
    {Column::kAge, "age", "AGE", "since it started", 11, false, 9},
    {Column::kCommand, "command", "COMMAND", "command line", 12, true, 0},
}};

inline const ColumnInfo& info(Column column) {
    return kColumnTable[static_cast<std::size_t>(column)];
}

std::optional<Column> column_named(std::string_view name);

std::vector<Column> default_columns();

// Which columns of these widths fit into `width` with a blank behind each: all, or without the most expendable. `kept`
// is not expendable.
std::vector<std::size_t> fitting(const std::vector<Column>& wanted,
                                 const std::vector<std::size_t>& widths, std::size_t width,
                                 Column kept);

}  // namespace tidemark::tui
