// SPDX-License-Identifier: Apache-2.0
//
// A connection's life: how it begins, reads heads, lingers and ends. What it answers is connection_answer.cpp.
#include <boost/beast/http/read.hpp>

#include "viewers/web/connection.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, std::string address, Shared& shared)
    : stream_(std::move(socket)),
      address_(std::move(address)),
      shared_(shared),
      buffer_(kRequestBytes + 1) {
    shared_.connections.insert(this);
}

Connection::~Connection() {
    shared_.streams.remove(*this);
    shared_.connections.erase(this);
    if (counted_) {
        shared_.admission.leave(address_);
    }
    if (shared_.ending && shared_.connections.empty() && shared_.all_gone) {
        shared_.all_gone();
    }
}

void Connection::turn_away() {
    counted_ = false;
    keep_alive_ = false;
    Response response =
        error_response(503, "too many connections", "close some, or try again later");
    response.close = true;
    write(std::move(response.with("Retry-After", "1")));
}

void Connection::read_head() {
    begin(parser_);
    stream_.expires_after(kRequestTime);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](Error error, std::size_t) { self->on_head(error); });
}

void Connection::on_head(Error error) {
    if (!error) {
        answer();
    } else if (is_malformed(error)) {
        Response response = malformed(*parser_, error);
        add_security_headers(response);
        write(std::move(response));
    } else {
        close();
    }
}

// Tells when the viewer goes; it has nothing to say.
void Connection::watch_peer() {
    stream_.expires_never();
    linger();
}

// Reads and forgets, until the peer closes, the time is over or it sends too much.
void Connection::linger() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](Error error, std::size_t size) {
                                self->discarded_ += size;
                                if (error || self->discarded_ > kDiscarded) {
                                    self->close();
                                } else {
                                    self->linger();
                                }
                            });
}

void Connection::finish() {
    if (!answering_) {
        close();
    }
}

void Connection::close() {
    shared_.streams.remove(*this);
    stream_.close();
}

}  // namespace tidemark::web
