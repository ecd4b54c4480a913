// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/run_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "viewers/cli/buffer_text.hpp"
#include "viewers/cli/call_site_view.hpp"
#include "viewers/cli/figures.hpp"
#include "viewers/cli/frame.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string seconds_text(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f s", seconds);
    return seconds < 60 ? text.data()
                        : model::format_duration(static_cast<std::uint64_t>(seconds * 1000));
}

std::string command_text(const std::vector<std::string>& command) {
    std::string text;
    for (const std::string& word : command) {
        text += (text.empty() ? "" : " ") + word;
    }
    // A script in an argument has lines; here it has one.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return model::printable(text);
}

std::string ending_text(int status) {
    return status > 128 ? "ended by signal " + std::to_string(status - 128)
                        : "exit status " + std::to_string(status);
}

constexpr std::size_t kFiller =
    1;  // pool, program: the column that takes what is left of the width

class Report {
public:
    Report(const RunResult& result, const ReportLook& look, const Terminal& terminal)
        : result_(result),
          look_(look),
          terminal_(terminal),
          frame_(std::max<std::size_t>(look.width, 60), terminal.ascii()),
          figures_(look.units, terminal.ascii()) {}

    std::string text(const std::vector<PoolResult>& pools,
                     const std::vector<std::string>& exceeded);

private:
    void title();
    void pools(const std::vector<PoolResult>& pools);
    void programs();
    void leaks();
    void verdict(const std::vector<PoolResult>& pools, const std::vector<std::string>& exceeded);
    void say(const std::string& text, Style style);
    void add(Grid grid) {
        grid.fill_with(kFiller);
        frame_.lines(grid.lines(frame_.inner_width(), terminal_.ascii()));
    }
    std::size_t shown(std::size_t count) const {
        return look_.top == 0 ? count : std::min(count, look_.top);
    }

    const RunResult& result_;
    const ReportLook& look_;
    const Terminal& terminal_;
    Frame frame_;
    Figures figures_;
};

void Report::say(const std::string& text, Style style) {
    for (const std::string& line : wrapped(text, frame_.inner_width())) {
        frame_.line({{line, style}});
    }
}

void Report::title() {
    const std::string right =
        ending_text(result_.exit_status) + ", " + seconds_text(result_.wall_seconds);
    const std::size_t room =
        frame_.inner_width() - std::min(frame_.inner_width(), right.size() + 14);
    frame_.line(spread(
        {{"tidemark  ", Style::kBold},
         {model::cut(command_text(result_.command), room, terminal_.ascii()), Style::kAccent}},
        {{right, result_.exit_status == 0 ? Style::kPlain : Style::kWarning}},
        frame_.inner_width()));
}

void Report::pools(const std::vector<PoolResult>& pools) {
    Grid grid({{"Dev"},
               {"Pool", Align::kLeft, 13},
               {"Allocations", Align::kRight},
               {"Total", Align::kRight, 0, 1},
               {"Peak", Align::kRight},
               {"Left", Align::kRight},
               {"Buffers", Align::kRight, 0, 2}});
    for (const PoolResult& pool : pools) {
        const std::string about = pool.left_exact ? "" : "~";
        grid.row({{model::device_word(pool.usage.device), Style::kAccent},
                  {model::printable(pool.usage.pool_name)},
                  {figures_.allocations(pool.usage)},
                  {figures_.total_allocated(pool.usage)},
                  {figures_.peak(pool.usage), Style::kBold},
                  {about + figures_.bytes(pool.left)},
                  {about + figures_.count(pool.left_live)}});
    }
    if (!grid.empty()) {
        frame_.rule();
        add(grid);
    }
}

// A row a program and pool, the highest peaks first.
void Report::programs() {
    std::vector<std::pair<const model::Process*, const model::PoolUsage*>> rows;
    for (const model::Process& process : result_.snapshot->processes) {
        for (const model::PoolUsage& usage : process.usage) {
            rows.emplace_back(&process, &usage);
        }
    }
    if (result_.snapshot->processes.size() < 2 || rows.empty()) {
        return;
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second->peak > b.second->peak; });
    Grid grid({{"PID", Align::kRight},
               {"Program", Align::kLeft, 8},
               {"Dev"},
               {"Pool", Align::kLeft, 13},
               {"Allocations", Align::kRight, 0, 2},
               {"Peak", Align::kRight},
               {"Left", Align::kRight},
               {"Ended", Align::kLeft, 0, 1}});
    for (std::size_t i = 0; i < shown(rows.size()); ++i) {
        const auto& [process, usage] = rows[i];
        grid.row({{process->pid ? std::to_string(*process->pid) : "N/A"},
                  {process->name ? model::printable(*process->name) : "N/A"},
                  {model::device_word(usage->device), Style::kAccent},
                  {model::printable(usage->pool_name)},
                  {figures_.allocations(*usage)},
                  {figures_.peak(*usage), Style::kBold},
                  {process->exited ? figures_.current(*usage) : "runs"},
                  {model::ending_tag(process->ending, process->ending_code)}});
    }
    frame_.rule();
    add(grid);
    if (rows.size() > shown(rows.size())) {
        say("and " + figures_.count(rows.size() - shown(rows.size())) +
                " more rows; --top 0 shows all",
            Style::kDim);
    }
}

void Report::leaks() {
    const std::size_t count = result_.leaks.buffers.size();
    if (count != 0) {
        frame_.rule();
        frame_.line({{"The largest of what was left", Style::kBold}});
        add(buffer_grid(result_.leaks, shown(count), figures_));
    }
    const std::vector<CallSite> sites = call_sites_of(result_.leaks);
    if (!sites.empty()) {
        frame_.rule();
        frame_.line({{"Where it was allocated", Style::kBold}});
        frame_.lines(call_site_lines(sites, look_.top, figures_));
    }
}

void Report::verdict(const std::vector<PoolResult>& pools,
                     const std::vector<std::string>& exceeded) {
    frame_.rule();
    for (const std::string& sentence : exceeded) {
        say(sentence, Style::kBad);
    }
    for (const std::string& note : result_.notes) {
        say(note, Style::kWarning);
    }
    for (const std::string& said : {suppressed_sentence(result_.suppressed, figures_),
                                    dropped_sentence(result_.leaks, figures_)}) {
        if (!said.empty()) {
            say(said, Style::kDim);
        }
    }
    if (!result_.tracked || result_.snapshot->processes.empty()) {
        return;
    }
    const auto& processes = result_.snapshot->processes;
    for (const StatusLine& loss : loss_lines(*result_.snapshot, figures_)) {
        say(loss.text, loss.style);
    }
    const bool exact =
        std::all_of(pools.begin(), pools.end(), [](const PoolResult& p) { return p.usage.exact; });
    const std::string programs = figures_.count(processes.size()) +
                                 (processes.size() == 1 ? " program" : " programs") + " tracked";
    const auto& counters = result_.snapshot->collector.counters;
    const bool lost = counters && counters->lost.total_count() != 0;
    const bool whole = counters && counters->untracked_images == 0 &&
                       unknown_lines(*result_.snapshot, figures_).empty();
    if (exact) {
        say(programs +
                (lost    ? ""
                 : whole ? ", nothing lost"
                         : ", nothing of theirs lost") +
                ": sums and counts are exact",
            Style::kGood);
    } else {
        say(programs + "; figures are not exact where marked", Style::kWarning);
    }
    for (const std::string& note : figures_.footnotes()) {
        frame_.line({{note, Style::kDim}});
    }
}

std::string Report::text(const std::vector<PoolResult>& pool_results,
                         const std::vector<std::string>& exceeded) {
    title();
    if (result_.tracked) {
        pools(pool_results);
        programs();
        leaks();
    }
    verdict(pool_results, exceeded);
    return frame_.render(terminal_);
}

}  // namespace

std::string run_report(const RunResult& result, const std::vector<PoolResult>& pools,
                       const std::vector<std::string>& exceeded, const ReportLook& look,
                       const Terminal& terminal) {
    return Report(result, look, terminal).text(pools, exceeded);
}

void write_run_json(const RunResult& result, const std::vector<std::string>& exceeded,
                    const std::function<void(const std::string&)>& write) {
    Json head = result.snapshot ? model::to_json(*result.snapshot)
                                : Json{{"schema", model::kJsonSchema},
                                       {"collector", nullptr},
                                       {"devices", Json::array()},
                                       {"processes", Json::array()}};
    head["exit_status"] = result.exit_status;
    head["wall_seconds"] = result.wall_seconds;
    head["run_command"] = result.command;
    head["tracked"] = result.tracked;
    head["notes"] = result.notes;
    head["limits_exceeded"] = exceeded;
    head["suppressed"] = suppressed_json(result.suppressed);
    head["leaks_exact"] = result.leaks.inexact.empty();
    write_with_list(head, "leaks", result.leaks, 2, write);
}

}  // namespace tidemark::cli
