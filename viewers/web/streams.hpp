// SPDX-License-Identifier: Apache-2.0
//
// Everybody who follows live data, and what they get when: the latest moment, or what changed since the last one that
// they got, at most as often as each asked, one text for all who get the same. Who is slow misses moments, never delays
// others. One thread; knows nothing of sockets.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include "viewers/web/publication.hpp"
#include "viewers/web/router.hpp"

namespace tidemark::web {

// The writing end of one stream.
class StreamSink {
public:
    virtual ~StreamSink() = default;
    // Still writes what it was given before.
    virtual bool busy() const = 0;
    virtual void send(std::shared_ptr<const std::string> event) = 0;
};

class Streams {
public:
    explicit Streams(Publication& publication) : publication_(publication) {}

    // The sink must be removed before it ends.
    void add(StreamSink& sink, const StreamRequest& request);
    void remove(StreamSink& sink) { viewers_.erase(&sink); }
    bool empty() const { return viewers_.empty(); }
    std::size_t size() const { return viewers_.size(); }

    // Every kStreamTick while somebody follows.
    void tick(Clock::time_point now);

private:
    struct Viewer {
        std::chrono::milliseconds interval;
        bool changes;
        std::string last_id;
        Clock::time_point last_sent{};
    };

    bool is_due(const StreamSink& sink, const Viewer& viewer, Clock::time_point now) const;
    void look(const std::string& published);
    std::shared_ptr<const std::string> event_for(const Viewer& viewer);
    std::shared_ptr<const std::string> whole_event();

    Publication& publication_;
    std::unordered_map<StreamSink*, Viewer> viewers_;
    std::string event_id_;  // of the events below
    std::shared_ptr<const std::string> whole_;
    // What changed since the event of that id.
    std::unordered_map<std::string, std::shared_ptr<const std::string>> changes_;
    std::shared_ptr<const std::string> heartbeat_ = std::make_shared<const std::string>(":\n\n");
};

}  // namespace tidemark::web
