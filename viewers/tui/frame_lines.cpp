// SPDX-License-Identifier: Apache-2.0
//
// What stands above and below everything: who is shown since when, what must be known about the collector, and hints.
#include "viewers/model/status_lines.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

// Sentences about the collector and what was lost; more of them are in `tidemark smi`.
constexpr std::size_t kMostStatusRows = 3;

std::string clock_text(std::uint64_t unix_ns) {
    return model::format_iso_time(unix_ns).substr(11, 8);
}

std::string owner_name(const model::Snapshot& snapshot, std::uint32_t uid) {
    for (const UserChoice& user : users_of(snapshot)) {
        if (user.uid == uid) return model::printable(user.name);
    }
    return std::to_string(uid);
}

}  // namespace

Line header(const Frame& frame) {
    const State& state = frame.state;
    const model::Collector& collector = frame.world.snapshot.collector;
    Line line = {{" tidemark ", {Style::kAccent, true, true}},
                 {" " + model::printable(collector.instance), kBold}};
    if (state.paused) line.push_back({"  PAUSED (u)", {Style::kWarning, true}});
    if (state.mark) {
        const std::uint64_t now = frame.world.snapshot.time_unix_ns;
        const std::uint64_t since = state.mark->unix_ns;
        line.push_back({"  change since " + clock_text(since) + " (" +
                            model::format_duration(now > since ? (now - since) / 1'000'000 : 0) +
                            ")",
                        {Style::kWarning, true}});
    }
    if (state.uid) {
        line.push_back(
            {"  user " + owner_name(frame.world.snapshot, *state.uid), {Style::kWarning}});
    }
    if (!state.filter.empty()) {
        line.push_back({"  /" + model::printable(state.filter), {Style::kWarning}});
    }
    return line;
}

std::string header_right(const Frame& frame) {
    char every[40];
    const std::uint64_t ms = frame.state.interval_ms;
    const int digits = ms % 100 == 0 ? 1 : ms % 10 == 0 ? 2 : 3;
    std::snprintf(every, sizeof every, "every %.*f s   ", digits, static_cast<double>(ms) / 1000);
    return every + clock_text(frame.world.snapshot.time_unix_ns) + " ";
}

std::vector<Line> status_rows(Frame& frame, std::size_t columns) {
    std::vector<Line> rows;
    for (const model::StatusLine& status :
         model::status_lines(frame.world.snapshot, frame.cells.figures(), frame.state.ascii)) {
        if (rows.size() == kMostStatusRows) break;
        // That a busy collector published meanwhile would flicker at every look.
        if (!rows.empty() && status.style == Style::kDim) continue;
        for (const std::string& text : model::wrapped(status.text, columns - 2)) {
            if (rows.size() < kMostStatusRows) rows.push_back({{" " + text, {status.style}}});
        }
    }
    return rows;
}

Line hints(const State& state) {
    if (state.is_filter_edited) {
        return {{" filter: ", {Style::kAccent, true}},
                {model::printable(state.filter)},
                {"_", {Style::kPlain, false, true}},
                {"   Enter keeps it, Esc clears it", kDim}};
    }
    if (!state.message.empty()) return {{" " + state.message, {Style::kWarning, true}}};
    Line line;
    std::size_t used = 0;
    // In the order of their worth: what does not fit is in the help.
    const auto hint = [&](const char* key, const char* what) {
        const std::size_t more = model::columns_of(key) + model::columns_of(what) + 3;
        if (used + more > state.size.columns) return;
        used += more;
        line.push_back({std::string(" ") + key, {Style::kAccent, true}});
        line.push_back({std::string(" ") + what + " ", {}});
    };
    hint("?", "help");
    hint("q", "quit");
    if (state.view == View::kProcesses) {
        hint("Enter", "open");
        hint("/", "filter");
        hint("t", state.settings.tree ? "list" : "tree");
        hint("l", "leaks");
    } else {
        hint("Esc", "back");
    }
    hint("m", "mark");
    hint("u", state.paused ? "go on" : "pause");
    if (state.view == View::kProcesses) hint("c", "columns");
    if (!state.readonly) hint("F9", "signal");
    return line;
}

}  // namespace tidemark::tui
