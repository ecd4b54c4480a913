// SPDX-License-Identifier: Apache-2.0
//
// From a request to its answer. Knows nothing of sockets: the server hands it requests whose head is whole, and starts
// a stream where it is told to. One thread.
#pragma once

#include <utility>

#include "viewers/web/api.hpp"
#include "viewers/web/guard.hpp"
#include "viewers/web/message.hpp"
#include "viewers/web/publication.hpp"

namespace tidemark::web {

class Router {
public:
    Router(Publication& publication, Access access)
        : publication_(publication), access_(std::move(access)) {}

    Answer answer(const Request& request);

private:
    Answer route_or_say_why(const Request& request);
    Answer route(const Request& request);
    Response health(const Request& request);

    Publication& publication_;
    Access access_;
};

// What every answer carries, so that a browser treats it as what it is and nothing else.
void add_security_headers(Response& response);

}  // namespace tidemark::web
