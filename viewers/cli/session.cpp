// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/session.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "viewers/cli/failure.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/status_lines.hpp"

namespace tidemark::cli {

std::string instance_wanted(const Options& options) {
    if (options.source.instance) {
        return *options.source.instance;
    }
    const char* named = std::getenv("TIDEMARK_INSTANCE");
    return named != nullptr && *named != '\0' ? named : model::default_instance(geteuid());
}

std::string start_command(const Options& options) {
    return model::start_command(instance_wanted(options));
}

std::optional<model::StatsSource> find_source(const Options& options) {
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options.source, error);
    if (!source && !error.missing) {
        throw Failure(
            options.source.instance && options.source.instance->find('/') != std::string::npos
                ? kUsage
                : kUnavailable,
            error.text);
    }
    return source;
}

model::Snapshot without_figures(const Options& options) {
    model::Snapshot snapshot;
    snapshot.time_unix_ns = model::unix_now_ns();
    snapshot.consistent = true;
    snapshot.collector.instance = instance_wanted(options);
    snapshot.collector.state = model::CollectorState::kNone;
    return snapshot;
}

std::string no_collector_text(const Options& options) {
    return "no collector runs for instance '" + instance_wanted(options) + "'; start one: `" +
           start_command(options) + "`";
}

model::StatsSource open_source(const Options& options) {
    auto source = find_source(options);
    if (!source) {
        unavailable(no_collector_text(options));
    }
    return std::move(*source);
}

int status_for(model::CollectorState state) { return model::is_gone(state) ? kUnavailable : kOk; }

void SilenceNotice::look(const model::Collector& collector, const char* consequence) {
    if (collector.state == told_) {
        return;
    }
    told_ = collector.state;
    const bool gone = model::is_gone(told_);
    if (!gone && told_ != model::CollectorState::kStalled) {
        return;
    }
    std::fprintf(stderr, "tidemark: %s; %s%s\n", model::collector_silence(collector).c_str(),
                 consequence, gone ? (' ' + model::restart_hint(collector)).c_str() : "");
}

}  // namespace tidemark::cli
