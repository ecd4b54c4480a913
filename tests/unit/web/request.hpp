// SPDX-License-Identifier: Apache-2.0
//
// Requests as the server hands them to the router, and what became of them.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "viewers/web/api.hpp"

namespace tidemark::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

// With a Host header of this machine in front of `more`.
inline web::Request request(const std::string& target, const Headers& more = {}) {
    web::Request made;
    made.target = web::parse_target(target).value_or(web::Target{});
    made.headers = {{"host", "localhost:9497"}};
    made.headers.insert(made.headers.end(), more.begin(), more.end());
    return made;
}

// The answer itself, of work what it comes to.
inline web::Response response_of(web::Answer answer) {
    if (auto* work = std::get_if<web::Work>(&answer)) {
        return work->make();
    }
    return std::get<web::Response>(std::move(answer));
}

}  // namespace tidemark::test
