// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/http_form.hpp"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>
#include <utility>

#include "viewers/web/guard.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string lower(std::string_view text) {
    std::string word(text);
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return word;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool is_of_body(const beast::error_code& error) {
    return error == http::error::body_limit || error == http::error::unexpected_body;
}

Response closing(Response response) {
    response.close = true;
    return response;
}

}  // namespace

void begin(std::optional<Parser>& parser) {
    parser.emplace();
    parser->header_limit(kRequestBytes);
    parser->body_limit(boost::none);  // a body is refused by its head
}

bool reads(const Parser& parser) {
    const http::verb method = parser.get().method();
    return method == http::verb::get || method == http::verb::head;
}

bool is_malformed(const beast::error_code& error) {
    return error != http::error::end_of_stream && error != beast::error::timeout &&
           error.category() == http::make_error_code(http::error::bad_method).category();
}

Response malformed(const Parser& parser, const beast::error_code& error) {
    if (is_of_body(error) && !reads(parser)) {
        return method_refused();
    }
    if (error == http::error::header_limit) {
        return closing(error_response(431, "the request's head is longer than 8192 bytes",
                                      "send fewer and shorter headers"));
    }
    if (is_of_body(error)) {
        return closing(
            error_response(413, "the request has a body", "ask with GET and without a body"));
    }
    return closing(error_response(400, "this is no HTTP request: " + error.message(),
                                  "speak HTTP/1.1; this server has no TLS"));
}

std::optional<Response> refuse_form(const Parser& parser) {
    const auto& message = parser.get();
    if (message.target().size() > kTargetBytes) {
        return error_response(414, "the request's target is too long", "2048 bytes must do");
    }
    if (std::distance(message.begin(), message.end()) >
        static_cast<std::ptrdiff_t>(kRequestHeaders)) {
        return error_response(431, "the request has more than 64 headers", "send fewer");
    }
    if (!reads(parser)) {
        return method_refused();
    }
    if (parser.chunked() || parser.content_length().value_or(0) != 0) {
        return error_response(413, "the request has a body", "ask without a body");
    }
    if (message.version() != 10 && message.version() != 11) {
        return error_response(505, "this version of HTTP is not spoken", "speak HTTP/1.1");
    }
    return std::nullopt;
}

Request request_of(const Parser& parser, Target target, const std::string& address) {
    Request request;
    request.target = std::move(target);
    request.address = address;
    for (const auto& field : parser.get()) {
        request.headers.emplace_back(lower(view(field.name_string())),
                                     std::string(view(field.value())));
    }
    return request;
}

std::string head_of(const Response& response, bool keep_alive, bool has_length) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ' +
                       std::string(http::obsolete_reason(
                           http::int_to_status(static_cast<unsigned>(response.status)))) +
                       "\r\nServer: tidemark\r\n";
    if (!response.content_type.empty()) {
        head += "Content-Type: " + response.content_type + "\r\n";
    }
    if (has_length && response.status != 304) {
        head += "Content-Length: " + std::to_string(response.body.bytes().size()) + "\r\n";
    }
    for (const auto& [name, value] : response.headers) {
        head += name + ": " + value + "\r\n";
    }
    return head + (keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

}  // namespace tidemark::web
