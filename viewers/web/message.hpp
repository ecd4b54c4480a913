// SPDX-License-Identifier: Apache-2.0
//
// A request and its answer as the rest of the server sees them: plain values, nothing of the HTTP library, so that
// routing is tested without a socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viewers/web/target.hpp"

namespace tidemark::web {

// Always of GET or HEAD, which differ in whether the body is sent.
struct Request {
    Target target;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string address;                                       // of the peer, without its port

    // The first of that name (lower case); empty if there is none.
    std::string_view header(std::string_view name) const;
    std::size_t count(std::string_view name) const;
};

// Bytes that several answers may share.
class Body {
public:
    Body() = default;
    explicit Body(std::string text)
        : owner_(std::make_shared<const std::string>(std::move(text))), bytes_(*owner_) {}
    explicit Body(std::shared_ptr<const std::string> text)
        : owner_(std::move(text)), bytes_(*owner_) {}
    // Of static storage.
    static Body of_static(std::string_view bytes) {
        Body body;
        body.bytes_ = bytes;
        return body;
    }

    std::string_view bytes() const { return bytes_; }

private:
    std::shared_ptr<const std::string> owner_;
    std::string_view bytes_;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    Body body;
    std::vector<std::pair<std::string, std::string>> headers;
    bool close = false;  // the connection, after it

    Response& with(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
        return *this;
    }
};

// {"error": "...", "hint": "..."}: what failed, on what, and what to do.
Response error_response(int status, std::string_view error, std::string_view hint);

// The JSON text of a whole answer.
Response json_response(std::string text);

}  // namespace tidemark::web
