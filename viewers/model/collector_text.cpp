// SPDX-License-Identifier: Apache-2.0
//
// The collector and what was lost, as JSON text; what a snapshot's document begins with.
#include "viewers/model/json_text.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/snapshot_text.hpp"

namespace tidemark::model {
namespace {

void add_counters(JsonText& out, const Collector::Counters& counters) {
    out.field("passes", counters.passes);
    out.field("processes_running", counters.processes_running);
    out.field("processes_seen", counters.processes_seen);
    out.field("rings_attached", counters.rings_attached);
    out.field("rings_quarantined", counters.rings_quarantined);
    out.field("rings_refused", counters.rings_refused);
    out.field("untracked_images", counters.untracked_images);
    out.field("recoveries", counters.recoveries);
    out.field("restarts", counters.restarts);
    out.field("rows_dropped", counters.rows_dropped);
    out.field("rows_refused", counters.rows_refused);
    out.field("sink_dropped", counters.sink_dropped);
    out.field("audits", counters.audits);
    out.field("audit_differences", counters.audit_differences);
    out.field("publish_latency_last_ns", counters.publish_latency_last_ns);
    out.field("publish_latency_highest_ns", counters.publish_latency_highest_ns);
}

void add(JsonText& out, const Collector& collector) {
    const bool none = collector.state == CollectorState::kNone;
    out.open('{');
    out.field("pid", collector.pid > 0 ? std::optional(collector.pid) : std::nullopt);
    out.field("state", none ? std::nullopt : std::optional(state_word(collector.state)));
    out.field("heartbeat_age_ms", collector.heartbeat_age_ms);
    out.field("events",
              collector.counters ? std::optional(collector.counters->events) : std::nullopt);
    if (none) {
        out.field("lost", nullptr);
    } else {
        add_lost(out, collector.counters ? collector.counters->lost : Loss{});
    }
    out.field("instance", collector.instance);
    out.field("generation", none ? std::nullopt : std::optional(image_word(collector.generation)));
    if (collector.counters) {
        add_counters(out, *collector.counters);
    }
    out.close('}');
}

}  // namespace

void add_lost(JsonText& out, const Loss& loss) {
    out.key("lost").open('{');
    for (std::uint32_t cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        out.key(loss_key(cause)).open('{');
        out.field("count", loss.count(cause));
        out.field("bytes", loss.bytes[cause]);
        out.close('}');
    }
    out.close('}');
}

std::string text_of(const Collector& collector) {
    std::string text;
    JsonText out(text);
    add(out, collector);
    return text;
}

std::string head_text(const Snapshot& snapshot) {
    std::string text;
    JsonText out(text);
    out.open('{');
    out.field("schema", kJsonSchema);
    out.field("time_unix_ns", snapshot.time_unix_ns);
    out.field("consistent", snapshot.consistent);
    out.key("collector");
    add(out, snapshot.collector);
    out.close('}');
    return text;
}

}  // namespace tidemark::model
