// SPDX-License-Identifier: Apache-2.0
//
// One connection: reads a request's head within kRequestTime, hands it to the router, writes the answer within
// kWriteTime, and so on; or becomes a stream. A request with a body is refused, never read. Lives as long as an operation
// of it is under way. One thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "viewers/web/admission.hpp"
#include "viewers/web/http_form.hpp"
#include "viewers/web/router.hpp"
#include "viewers/web/streams.hpp"

namespace tidemark::web {

class Connection;

// What all connections share; outlives them.
struct Shared {
    Router& router;
    Streams& streams;
    Admission& admission;
    std::function<void()> stream_began;
    // Runs `work` on the thread of its queue and calls `done` on this one; false, and nothing happens, if too much waits.
    std::function<bool(Work work, std::function<void(Response)> done)> start_work;
    // The last connection ended after the server's end began.
    std::function<void()> all_gone;
    std::unordered_set<Connection*> connections{};
    bool ending = false;
};

class Connection final : public StreamSink, public std::enable_shared_from_this<Connection> {
public:
    Connection(boost::asio::ip::tcp::socket socket, std::string address, Shared& shared);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start() { read_head(); }
    // Says only that there are too many, and closes.
    void turn_away();
    // At the server's end: an answer under way is finished, all else stops.
    void finish();

    bool busy() const override { return writing_ != nullptr; }
    void send(std::shared_ptr<const std::string> event) override;

private:
    using Error = boost::beast::error_code;

    void read_head();
    void on_head(Error error);
    void answer();
    std::optional<Response> refusal(const std::optional<Target>& target);
    void write(Response response);
    void write_bytes();
    void on_written(Error error);
    void begin_work(Work work);
    void begin_stream(const StreamRequest& request);
    void watch_peer();
    void linger();
    void close();

    boost::beast::tcp_stream stream_;
    std::string address_;
    Shared& shared_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    bool is_head_ = false, keep_alive_ = false, answering_ = false, streaming_ = false,
         counted_ = true;
    std::string head_;  // of the answer being written
    Body body_;
    std::shared_ptr<const std::string> writing_;  // an event
    StreamRequest stream_request_{};
    std::size_t discarded_ = 0;
};

}  // namespace tidemark::web
