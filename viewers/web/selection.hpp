// SPDX-License-Identifier: Apache-2.0
//
// Which part of a snapshot a request asks for: model::Filter, and what a server tells from the snapshot alone, without
// looking users up.
#pragma once

#include <string>
#include <vector>

#include "viewers/model/filter.hpp"

namespace tidemark::web {

struct Selection {
    model::Filter filter;
    std::vector<std::string> users;  // names or numbers; empty: all
    std::string name;                // a part of the name or the command line
};

// Takes away what was not asked for.
void apply(const Selection& selection, model::Snapshot& snapshot);

}  // namespace tidemark::web
