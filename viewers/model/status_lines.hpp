// SPDX-License-Identifier: Apache-2.0
//
// What a person must know about the figures beside them: whether the collector lives, what was lost, what was refused.
// In plain words, one line a fact; shared by every text that shows figures.
#pragma once

#include <string>
#include <vector>

#include "viewers/model/figures.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/model/style.hpp"

namespace tidemark::model {

struct StatusLine {
    std::string text;
    Style style = Style::kPlain;
};

std::vector<StatusLine> status_lines(const Snapshot& snapshot, const Figures& figures, bool ascii);

// The collector's state alone: "collector running, pid 12", "collector stopped 12 s ago; ...".
StatusLine collector_line(const Collector& collector, const Figures& figures);

// Why its figures are not those of now, without more: "collector died 12 s ago (pid 12 is gone)". Empty while it runs.
std::string collector_silence(const Collector& collector);

// "(`tidemarkd --background` starts it)".
std::string restart_hint(const Collector& collector);

// Programs that ran without a ring; of all instances of the user, so no loss of this one.
std::vector<StatusLine> untracked_lines(const Collector& collector, const Figures& figures);

// The same for who says itself what to look at; empty if there are none.
std::string untracked_sentence(const Collector& collector, const Figures& figures);

// What is not known at all: programs whose rings were refused, children of programs in a sandbox.
std::vector<StatusLine> unknown_lines(const Snapshot& snapshot, const Figures& figures);

// Loss, quarantines and what could not be shown; nothing at all to tell gives an empty list.
std::vector<StatusLine> loss_lines(const Snapshot& snapshot, const Figures& figures);

// `text` broken at blanks into lines of at most `columns`.
std::vector<std::string> wrapped(const std::string& text, std::size_t columns);

}  // namespace tidemark::model
