// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/status_lines.hpp"

#include <algorithm>
#include <sstream>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::model {
namespace {

std::string plural(std::uint64_t count, const char* one, const char* many, const Figures& figures) {
    return figures.count(count) + " " + (count == 1 ? one : many);
}

}  // namespace

std::string collector_silence(const Collector& collector) {
    const std::string age =
        collector.heartbeat_age_ms ? format_duration(*collector.heartbeat_age_ms) : "";
    const std::string ago = age.empty() ? "" : " " + age + " ago";
    const std::string pid = "(pid " + std::to_string(collector.pid);
    switch (collector.state) {
        case CollectorState::kRunning:
            return "";
        case CollectorState::kStalled:
            return "collector stalled: no sign of life for " + age + " " + pid + ")";
        case CollectorState::kDied:
            return "collector died" + ago + " " + pid + " is gone)";
        case CollectorState::kSuperseded:
            return "a newer collector is starting";
        case CollectorState::kNone:
            return "no collector runs";
        case CollectorState::kStopped:
            break;
    }
    return "collector stopped" + ago;
}

std::string restart_hint(const Collector& collector) {
    return "(`" + printable(start_command(collector.instance)) + "` starts it)";
}

StatusLine collector_line(const Collector& collector, const Figures& figures) {
    const std::string silence = collector_silence(collector);
    switch (collector.state) {
        case CollectorState::kRunning: {
            std::string text = "collector running, pid " + std::to_string(collector.pid);
            if (collector.counters) {
                text += ", " + plural(collector.counters->events, "event", "events", figures);
            }
            return {text, Style::kGood};
        }
        case CollectorState::kStalled:
            return {silence + "; these are its last figures", Style::kBad};
        case CollectorState::kSuperseded:
            return {silence + "; these are the last figures of the one before", Style::kWarning};
        case CollectorState::kNone:
            return {silence + "; `" + printable(start_command(collector.instance)) +
                        "` starts one; what programs allocate is unknown until then",
                    Style::kWarning};
        case CollectorState::kDied:
        case CollectorState::kStopped:
            break;
    }
    return {silence + "; these are its last figures " + restart_hint(collector),
            collector.state == CollectorState::kDied ? Style::kBad : Style::kWarning};
}

std::string untracked_sentence(const Collector& collector, const Figures& figures) {
    if (!collector.counters || collector.counters->untracked_images == 0) {
        return {};
    }
    return plural(collector.counters->untracked_images, "program", "programs", figures) +
           " ran untracked: no ring could be had";
}

std::vector<StatusLine> untracked_lines(const Collector& collector, const Figures& figures) {
    const std::string sentence = untracked_sentence(collector, figures);
    if (sentence.empty()) {
        return {};
    }
    return {{sentence + " (`tidemark doctor` looks why)", Style::kWarning}};
}

std::vector<StatusLine> unknown_lines(const Snapshot& snapshot, const Figures& figures) {
    std::vector<StatusLine> lines;
    const auto& counters = snapshot.collector.counters;
    if (counters && counters->rings_refused != 0) {
        lines.push_back({plural(counters->rings_refused, "ring was", "rings were", figures) +
                             " refused: what such a program does is not known (in a user "
                             "namespace, by another version, or no ring at all)",
                         Style::kWarning});
    }
    for (const Process& process : snapshot.processes) {
        if (process.sandboxed) {
            lines.push_back(
                {"pid " + (process.pid ? std::to_string(*process.pid) : std::string("N/A")) + " " +
                     printable(process.name.value_or("")) +
                     " entered a sandbox: what it forked since is not tracked, and not known",
                 Style::kWarning});
        }
    }
    return lines;
}

std::vector<StatusLine> loss_lines(const Snapshot& snapshot, const Figures& figures) {
    std::vector<StatusLine> lines;
    if (const auto& counters = snapshot.collector.counters) {
        if (const std::string lost = loss_sentence(counters->lost, figures); !lost.empty()) {
            lines.push_back({lost, Style::kWarning});
        }
        if (counters->rows_dropped != 0) {
            lines.push_back({plural(counters->rows_dropped, "row is", "rows are", figures) +
                                 " not shown: a table of the segment, or /dev/shm, is full",
                             Style::kWarning});
        }
        if (counters->rows_refused != 0) {
            lines.push_back({plural(counters->rows_refused, "row", "rows", figures) +
                                 " of devices and pools not made: a user has its share (the "
                                 "collector's log says who)",
                             Style::kWarning});
        }
        if (counters->audit_differences != 0) {
            lines.push_back({plural(counters->audit_differences, "audit", "audits", figures) +
                                 " found live tables and counters apart: please report this",
                             Style::kBad});
        }
    }
    for (const Process& process : snapshot.processes) {
        if (process.quarantine != 0) {
            lines.push_back(
                {"pid " + (process.pid ? std::to_string(*process.pid) : std::string("N/A")) + " " +
                     printable(process.name.value_or("")) +
                     " is quarantined: " + std::string(quarantine_words(process.quarantine)),
                 Style::kBad});
        }
    }
    return lines;
}

std::vector<StatusLine> status_lines(const Snapshot& snapshot, const Figures& figures, bool ascii) {
    std::vector<StatusLine> lines = {collector_line(snapshot.collector, figures)};
    const bool none = snapshot.collector.state == CollectorState::kNone;
    lines[0].text.insert(0, ascii ? (none ? "- " : "* ") : (none ? "○ " : "● "));
    const std::vector<StatusLine> losses = loss_lines(snapshot, figures);
    lines.insert(lines.end(), losses.begin(), losses.end());
    std::vector<StatusLine> unknown = untracked_lines(snapshot.collector, figures);
    for (StatusLine& line : unknown_lines(snapshot, figures)) {
        unknown.push_back(std::move(line));
    }
    if (losses.empty() && snapshot.collector.counters) {
        lines.push_back(
            {unknown.empty() ? "nothing lost" : "nothing lost of what is tracked", Style::kDim});
    }
    lines.insert(lines.end(), unknown.begin(), unknown.end());
    if (!snapshot.consistent) {
        lines.push_back({"the collector published meanwhile: rows may belong to different moments",
                         Style::kDim});
    }
    return lines;
}

std::vector<std::string> wrapped(const std::string& text, std::size_t columns) {
    std::vector<std::string> lines(1);
    std::istringstream words(text);
    std::string word;
    while (words >> word) {
        // A command in backticks is copied by hand: it stays on one line.
        for (std::string more;
             std::count(word.begin(), word.end(), '`') % 2 != 0 && words >> more;) {
            word += " " + more;
        }
        std::string& line = lines.back();
        if (!line.empty() && columns_of(line) + 1 + columns_of(word) > columns) {
            lines.push_back(word);
        } else {
            line += (line.empty() ? "" : " ") + word;
        }
    }
    return lines;
}

}  // namespace tidemark::model
