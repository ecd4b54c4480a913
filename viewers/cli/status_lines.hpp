// SPDX-License-Identifier: Apache-2.0
//
// The status lines of viewers/model, as the verbs call them.
#pragma once

#include "viewers/cli/figures.hpp"
#include "viewers/cli/terminal.hpp"
#include "viewers/model/status_lines.hpp"

namespace tidemark::cli {

using model::collector_line;
using model::loss_lines;
using model::status_lines;
using model::StatusLine;
using model::unknown_lines;
using model::untracked_lines;
using model::untracked_sentence;
using model::wrapped;

}  // namespace tidemark::cli
