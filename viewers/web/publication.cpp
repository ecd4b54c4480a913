// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/publication.hpp"

#include <unistd.h>

#include <cstdlib>

#include "viewers/model/change.hpp"
#include "viewers/model/names.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

std::string instance_wanted(const model::SourceOptions& options) {
    if (options.instance) {
        return *options.instance;
    }
    const char* named = std::getenv("TIDEMARK_INSTANCE");
    return named != nullptr && *named != '\0' ? named : model::default_instance(geteuid());
}

}  // namespace

Publication::Publication(model::SourceOptions options)
    : options_(std::move(options)), server_(model::image_word(model::unix_now_ns())) {}

// Opens the segment if there was none, the newer one if this one's collector is gone; seldom.
void Publication::look_for_collector() {
    if (source_ && !source_->may_be_replaced()) {
        return;
    }
    const Clock::time_point now = Clock::now();
    if (looked_at_ && now - *looked_at_ < kReopen) {
        return;
    }
    looked_at_ = now;
    if (source_) {
        source_->follow();
        return;
    }
    model::StatsSource::Error error;
    source_ = model::StatsSource::open(options_, error);
    problem_ = source_ || error.missing ? std::string() : error.text;
}

std::string Publication::current_id() {
    if (!source_) {
        return "none-" + server_;
    }
    const StatsReader& reader = source_->reader();
    const std::uint64_t pass = reader.moment();
    if (pass != pass_ || reader.header().generation != generation_) {
        pass_ = pass;
        generation_ = reader.header().generation;
        change_ = model::change_word(reader);
    }
    return model::image_word(generation_) + '-' + std::to_string(change_) + '-' +
           model::state_word(model::collector_state(reader)) + '-' + server_;
}

void Publication::read() {
    ++readings_;
    // Before the reading: what is published meanwhile is news.
    last_.id = current_id();
    model::StatsSource::Refreshed done{model::StatsSource::News::kAll, {}};
    if (source_) {
        done = source_->refresh_in_place(live_, model::Filter{});
    } else {
        live_ = model::Snapshot();
        live_.time_unix_ns = model::unix_now_ns();
        live_.collector.instance = instance_wanted(options_);
        live_.collector.state = model::CollectorState::kNone;
    }
    const bool is_known = done.news != model::StatsSource::News::kAll;
    document_.update(live_, last_.id, is_known ? &done.processes : nullptr);
    last_.snapshot = nullptr;
    last_.read_at = Clock::now();
    json_ = nullptr;
}

const std::string& Publication::refresh() {
    look_for_collector();
    if (readings_ == 0 || Clock::now() - last_.read_at >= kSharedFor) {
        read();
    }
    return last_.id;
}

const Moment& Publication::now() {
    refresh();
    if (!last_.snapshot) {
        last_.snapshot = std::make_shared<const model::Snapshot>(live_);
    }
    return last_;
}

std::string Publication::id() {
    look_for_collector();
    return current_id();
}

void Publication::write_whole(std::string& out) {
    ++texts_;
    document_.write_whole(live_, out);
}

std::shared_ptr<const std::string> Publication::json() {
    if (readings_ == 0) {
        refresh();
    }
    if (!json_) {
        std::string text;
        write_whole(text);
        json_ = std::make_shared<const std::string>(std::move(text));
    }
    return json_;
}

}  // namespace tidemark::web
