// SPDX-License-Identifier: Apache-2.0
//
// What a person chose once and wants to find again: $XDG_CONFIG_HOME/tidemark/top.json. A file that is missing, cannot be
// read or says nonsense gives the defaults, with a notice; it is never half-written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewers/tui/columns.hpp"

namespace tidemark::tui {

struct Settings {
    std::vector<Column> columns = default_columns();
    Column sort = Column::kDram;
    bool descending = true;
    bool tree = false;
    bool operator==(const Settings&) const = default;
};

// What sorts: the saved choice, or, if that is none of the columns, one of them.
struct Order {
    Column column;
    bool descending;
};
Order order_of(const Settings& settings);

// $XDG_CONFIG_HOME/tidemark/top.json, or in ~/.config; empty if neither variable is set.
std::string settings_path();

// `notice`: why the defaults are used instead of the file, for people; empty if all is well.
Settings read_settings(const std::string& path, std::string& notice);

// Makes the folder if it is missing. Empty, or why it could not be written.
std::string write_settings(const std::string& path, const Settings& settings);

}  // namespace tidemark::tui
