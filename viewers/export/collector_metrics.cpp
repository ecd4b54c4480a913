// SPDX-License-Identifier: Apache-2.0
//
// Of the collector: whether it lives, what it applied, lost and refused.
#include "viewers/export/parts.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::exporter {
namespace {

using model::Collector;

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

void append(std::string& text, const char* name, Type type, const char* help, Metric::Value value) {
    Metric metric(std::string("tidemark_") + name, type, help);
    metric.add({}, value);
    metric.append_to(text);
}

void append_state(std::string& text, const model::Snapshot& snapshot) {
    const Collector& collector = snapshot.collector;
    const bool up = collector.state == model::CollectorState::kRunning;
    append(text, "up", Type::kGauge,
           "1 if the collector keeps its figures up to date, 0 if it stalls, has stopped or never "
           "ran.",
           std::uint64_t{up});
    if (snapshot.time_unix_ns != 0) {
        append(text, "snapshot_time_seconds", Type::kGauge,
               "Unix time when these figures were read: a file of them says how old it is.",
               seconds(snapshot.time_unix_ns));
    }
    Metric info("tidemark_collector_info", Type::kGauge,
                "Which collector the figures come from, and its state.");
    info.add({{"collector", collector.instance},
              {"state", model::state_word(collector.state)},
              {"viewer_version", TIDEMARK_PROJECT_VERSION}},
             std::uint64_t{1});
    info.append_to(text);
    if (collector.heartbeat_age_ms) {
        append(text, "collector_heartbeat_age_seconds", Type::kGauge,
               "Time since the collector's last sign of life; it gives one every half second.",
               static_cast<double>(*collector.heartbeat_age_ms) / 1e3);
    }
    if (collector.created_unix_ns != 0) {
        append(text, "collector_start_time_seconds", Type::kGauge,
               "Unix time when this run of the collector began.",
               seconds(collector.created_unix_ns));
    }
    if (collector.state != model::CollectorState::kNone) {
        append(text, "snapshot_consistent", Type::kGauge,
               "1 if all figures are of one moment, 0 if the collector published while they were "
               "read.",
               std::uint64_t{snapshot.consistent});
    }
}

struct Figure {
    const char* name;
    Type type;
    std::uint64_t Collector::Counters::*value;
    const char* help;
};

using Counters = Collector::Counters;

constexpr Figure kFigures[] = {
    {"events_total", Type::kCounter, &Counters::events, "Events applied."},
    {"passes_total", Type::kCounter, &Counters::passes, "Passes that applied something."},
    {"images_seen_total", Type::kCounter, &Counters::processes_seen,
     "Program images that were tracked; a process that executes another program is another image."},
    {"images_running", Type::kGauge, &Counters::processes_running, "Program images tracked now."},
    {"rings_attached", Type::kGauge, &Counters::rings_attached, "Ring segments mapped now."},
    {"rings_quarantined_total", Type::kCounter, &Counters::rings_quarantined,
     "Ring segments that held what no producer writes; since the collector started."},
    {"rings_refused_total", Type::kCounter, &Counters::rings_refused,
     "Ring segments with a wrong owner, version or header; since the collector started."},
    {"images_untracked_total", Type::kCounter, &Counters::untracked_images,
     "Program images that ran untracked since no ring could be had; without the instances that "
     "others named."},
    {"recoveries_total", Type::kCounter, &Counters::recoveries,
     "Starts of the collector that found a pass unfinished."},
    {"restarts_total", Type::kCounter, &Counters::restarts,
     "Starts of the collector that went on with the figures of the one before."},
    {"rows_dropped", Type::kGauge, &Counters::rows_dropped,
     "Rows that are not published since a table is full."},
    {"rows_refused", Type::kGauge, &Counters::rows_refused,
     "Rows of devices and pools that are not made since their user has its share."},
    {"sink_records_dropped_total", Type::kCounter, &Counters::sink_dropped,
     "Records that a slow log, recorder or follower did not get; since the collector started."},
    {"audits_total", Type::kCounter, &Counters::audits,
     "Comparisons of live buffers with their counters."},
    {"audit_differences_total", Type::kCounter, &Counters::audit_differences,
     "Such comparisons that found a difference."},
};

void append_losses(std::string& text, const model::Loss& lost) {
    Metric events("tidemark_lost_events_total", Type::kCounter,
                  "Events that were not applied, by cause: they bound the error of every figure.");
    Metric bytes("tidemark_lost_bytes_total", Type::kCounter,
                 "Sizes in the events that were not applied, by cause.");
    for (std::uint32_t cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        const std::string_view word = model::loss_key(cause);
        events.add({{"cause", word}, {"event", "allocation"}}, lost.allocations[cause]);
        events.add({{"cause", word}, {"event", "free"}}, lost.frees[cause]);
        bytes.add({{"cause", word}}, lost.bytes[cause]);
    }
    events.append_to(text);
    bytes.append_to(text);
}

}  // namespace

void append_collector(std::string& text, const model::Snapshot& snapshot) {
    append_state(text, snapshot);
    if (!snapshot.collector.counters) {
        return;
    }
    const Counters& counters = *snapshot.collector.counters;
    for (const Figure& figure : kFigures) {
        append(text, (std::string("collector_") + figure.name).c_str(), figure.type, figure.help,
               counters.*figure.value);
    }
    append(text, "collector_publish_latency_seconds", Type::kGauge,
           "From the cut of the last pass to its publication.",
           seconds(counters.publish_latency_last_ns));
    append(text, "collector_publish_latency_highest_seconds", Type::kGauge,
           "The highest such time since the collector started.",
           seconds(counters.publish_latency_highest_ns));
    append_losses(text, counters.lost);
}

}  // namespace tidemark::exporter
