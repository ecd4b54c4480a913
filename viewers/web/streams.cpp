// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/streams.hpp"

#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

std::string begin_of(const std::string& id, const char* name) {
    return "id: " + id + "\nevent: " + name + "\ndata: ";
}

std::shared_ptr<const std::string> finished(std::string event) {
    event += "\n\n";
    return std::make_shared<const std::string>(std::move(event));
}

}  // namespace

void Streams::add(StreamSink& sink, const StreamRequest& request) {
    viewers_[&sink] = {request.interval, request.changes, request.last_id};
}

bool Streams::is_due(const StreamSink& sink, const Viewer& viewer, Clock::time_point now) const {
    return !sink.busy() && now - viewer.last_sent >= viewer.interval;
}

// Brings the events up to date if something was published since they were made.
void Streams::look(const std::string& published) {
    if (event_id_ == published) {
        return;
    }
    // A reading that somebody asked for just now may serve: then the news comes a tick later.
    const std::string& id = publication_.refresh();
    if (event_id_ != id) {
        event_id_ = id;
        whole_ = nullptr;
        changes_.clear();
    }
}

std::shared_ptr<const std::string> Streams::whole_event() {
    if (!whole_) {
        std::string event = begin_of(event_id_, "snapshot");
        publication_.write_whole(event);
        whole_ = finished(std::move(event));
    }
    return whole_;
}

std::shared_ptr<const std::string> Streams::event_for(const Viewer& viewer) {
    if (!viewer.changes) {
        return whole_event();
    }
    auto& event = changes_[viewer.last_id];
    if (!event) {
        std::string text = begin_of(event_id_, "changes");
        const bool is_known = publication_.write_since(viewer.last_id, text);
        event = is_known ? finished(std::move(text)) : whole_event();
    }
    return event;
}

void Streams::tick(Clock::time_point now) {
    const std::string published = publication_.id();
    for (auto& [sink, viewer] : viewers_) {
        if (!is_due(*sink, viewer, now)) {
            continue;
        }
        if (viewer.last_id != published) {
            look(published);
        }
        if (viewer.last_id != published && viewer.last_id != event_id_) {
            const auto event = event_for(viewer);
            viewer.last_id = event_id_;
            viewer.last_sent = now;
            sink->send(event);
        } else if (now - viewer.last_sent >= kHeartbeat) {
            viewer.last_sent = now;
            sink->send(heartbeat_);
        }
    }
}

}  // namespace tidemark::web
