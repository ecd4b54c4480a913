// SPDX-License-Identifier: Apache-2.0
//
// Between the HTTP library and the server's own words: a parsed head as a Request, what is wrong with its form as an
// answer, and the head of an answer as text. No I/O.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <string>

#include "viewers/web/message.hpp"

namespace tidemark::web {

using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

// Takes kRequestBytes of head and no body.
void begin(std::optional<Parser>& parser);

// Whether the library's error is about what the peer said, rather than about the connection.
bool is_malformed(const boost::beast::error_code& error);

// What the parser did not like, as an answer; closes.
Response malformed(const Parser& parser, const boost::beast::error_code& error);

// What is wrong with a request as such, before anybody looks at what it asks; nothing if all is right.
std::optional<Response> refuse_form(const Parser& parser);

// `parser` holds a whole head whose target is `target`.
Request request_of(const Parser& parser, Target target, const std::string& address);

// GET or HEAD.
bool reads(const Parser& parser);

// Status line and headers. `has_length`: the body is all that there will be.
std::string head_of(const Response& response, bool keep_alive, bool has_length);

}  // namespace tidemark::web
