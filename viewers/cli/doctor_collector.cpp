// SPDX-License-Identifier: Apache-2.0
//
// Doctor's questions about the collector: there, alive, reachable, and content.
#include <nlohmann/json.hpp>

#include "viewers/cli/control_client.hpp"
#include "viewers/cli/doctor_check.hpp"
#include "viewers/cli/figures.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/status_lines.hpp"

namespace tidemark::cli {
namespace {

constexpr std::int64_t kAnswerMs = 3000;
constexpr const char* kUntracked =
    "when they started, shared memory was full, or rings that no collector took had used up their "
    "budget: start a collector before programs, then start those again";

Check check_state(const model::Collector& collector, const Options& options) {
    const StatusLine line = collector_line(collector, Figures(true, true));
    switch (collector.state) {
        case model::CollectorState::kRunning:
            return {"collector", Level::kOk, line.text, ""};
        case model::CollectorState::kStalled:
            return {"collector", Level::kProblem, line.text,
                    "if its process is stopped, continue it; if it is gone, start it: " +
                        start_command(options)};
        case model::CollectorState::kDied:
            return {"collector", Level::kProblem, line.text, "start it: " + start_command(options)};
        default:
            return {"collector", Level::kWarning, line.text, "start it: " + start_command(options)};
    }
}

Check check_socket(const model::Collector& collector) {
    std::string error;
    const auto answer = ask(collector.control_socket, {{"command", "status"}}, kAnswerMs, error);
    if (answer) {
        return {"control socket", Level::kOk, collector.control_socket, ""};
    }
    return {"control socket", Level::kWarning, error,
            "events, run and clean-up need it: be the collector's user or root"};
}

}  // namespace

std::vector<Check> check_collector(const Options& options) {
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options.source, error);
    if (!source) {
        if (error.missing) {
            return {{"collector", Level::kWarning,
                     "none runs for instance '" + instance_wanted(options) + "'",
                     "start it: " + start_command(options)}};
        }
        return {{"collector", Level::kProblem, error.text,
                 "end what uses its name, or choose another --instance"}};
    }
    const model::Snapshot snapshot = source->read();
    std::vector<Check> checks = {check_state(snapshot.collector, options)};
    if (snapshot.collector.state == model::CollectorState::kRunning) {
        checks.push_back(check_socket(snapshot.collector));
    }
    const Figures figures(true, true);
    if (const auto text = untracked_sentence(snapshot.collector, figures); !text.empty()) {
        checks.push_back({"untracked", Level::kWarning, text, kUntracked});
    }
    for (const StatusLine& line : unknown_lines(snapshot, Figures(true, true))) {
        checks.push_back({"untracked", Level::kWarning, line.text,
                          "the collector's log names rings that it refused"});
    }
    const std::vector<StatusLine> losses = loss_lines(snapshot, Figures(true, true));
    for (const StatusLine& line : losses) {
        checks.push_back({"losses", Level::kWarning, line.text,
                          "`tidemark query --json` tells which program it was"});
    }
    if (losses.empty()) {
        checks.push_back({"losses", Level::kOk, "nothing was lost", ""});
    }
    return checks;
}

}  // namespace tidemark::cli
