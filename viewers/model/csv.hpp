// SPDX-License-Identifier: Apache-2.0
//
// A snapshot as rows of named columns, for CSV and `query --query COLS`: one row a device and pool, or, when a column
// of processes is asked for, one row a process, device and pool. Values are plain integers; unknown is empty. Who asks
// for `origin` gets programs too that only tt-metal's regions tell of; they are in nobody else's sums.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

struct Column {
    std::string_view name;
    std::string_view unit;  // "bytes", or empty
    bool of_process;        // makes the rows those of processes
};

// Every column there is, in the order of documentation.
const std::vector<Column>& columns();

// What CSV has when no columns are named.
const std::vector<std::string>& default_columns();

// Empty if all names are columns, else the first that is not.
std::string first_unknown_column(const std::vector<std::string>& names);

// Values in the order of `names`, all of which must be columns.
std::vector<std::vector<std::string>> select(const Snapshot& snapshot,
                                             const std::vector<std::string>& names);

// "device,pool,allocated [bytes]"; without the units if `units` is false.
std::string csv_header(const std::vector<std::string>& names, bool units);

// Fields joined by commas, quoted where RFC 4180 asks for it; no line end.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace tidemark::model
