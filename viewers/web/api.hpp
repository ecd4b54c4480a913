// SPDX-License-Identifier: Apache-2.0
//
// The JSON answers below /api: which path is which, and what each says. All of it comes from one moment of the
// publication. What may take long (lists of buffers, names of call sites) is returned as work for another thread, which
// sees nothing but the moment.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "viewers/web/message.hpp"
#include "viewers/web/publication.hpp"

namespace tidemark::web {

// A request for server-sent events.
struct StreamRequest {
    std::chrono::milliseconds interval;
    std::string last_id;   // what the viewer has already; empty: nothing
    bool changes = false;  // it wants no more than what changed since
};

// Whose turn work waits for: a scrape never stands behind lists, which may take seconds.
enum class Queue { kLists, kMetrics };

struct Work {
    std::function<Response()> make;
    Queue queue = Queue::kLists;
};
using Answer = std::variant<Response, StreamRequest, Work>;

// Nothing if the path is none of the API's.
std::optional<Answer> api_answer(const Request& request, Publication& publication);

// The parts of the API, each by its file. `segments`: of the path, behind /api or /api/v1.
Answer older_devices(const Request& request, Publication& publication);
Answer devices(const Request& request, Publication& publication);
Answer history(const Request& request, Publication& publication);
Answer processes(const Request& request, Publication& publication);
Answer one_process(const Request& request, Publication& publication);
Answer sizes(const Request& request, Publication& publication);
Answer call_sites(const Request& request, Publication& publication);
Answer buffers(const Request& request, Publication& publication);
Answer leaks(const Request& request, Publication& publication);

// 404 for a path that is none.
Response no_such_path(const std::string& path);

}  // namespace tidemark::web
