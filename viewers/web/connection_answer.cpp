// SPDX-License-Identifier: Apache-2.0
//
// What a connection answers: a response, work for another thread, or a stream; and how it is written.
#include <array>
#include <boost/asio/write.hpp>

#include "viewers/web/connection.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

namespace asio = boost::asio;

Response too_often() {
    return error_response(429, "too many requests from this address",
                          "100 a second on average; follow /api/v1/stream instead")
        .with("Retry-After", "1");
}

}  // namespace

// Why nobody looks at what is asked: its form, or that too much is asked. 429 alone leaves the connection open.
std::optional<Response> Connection::refusal(const std::optional<Target>& target) {
    if (auto refused = refuse_form(*parser_)) {
        return refused;
    }
    if (!target) {
        const auto text = parser_->get().target();
        return has_broken_escape({text.data(), text.size()})
                   ? error_response(
                         400, "an escape in the request's target is wrong",
                         "behind % stand two hexadecimal digits, not 00; % itself is %25")
                   : error_response(400, "the request's target is no path",
                                    "ask for a path such as /");
    }
    return shared_.admission.allow(address_, Clock::now()) ? std::nullopt
                                                           : std::optional(too_often());
}

void Connection::answer() {
    const auto& message = parser_->get();
    is_head_ = message.method() == boost::beast::http::verb::head;
    keep_alive_ = message.keep_alive();
    auto target = parse_target({message.target().data(), message.target().size()});
    if (auto refused = refusal(target)) {
        keep_alive_ = keep_alive_ && refused->status == 429;
        add_security_headers(*refused);
        write(std::move(*refused));
        return;
    }
    Answer answer = shared_.router.answer(request_of(*parser_, std::move(*target), address_));
    if (auto* response = std::get_if<Response>(&answer)) {
        write(std::move(*response));
    } else if (auto* work = std::get_if<Work>(&answer)) {
        begin_work(std::move(*work));
    } else {
        begin_stream(std::get<StreamRequest>(answer));
    }
}

void Connection::begin_work(Work work) {
    answering_ = true;
    const bool begun =
        shared_.start_work(std::move(work), [self = shared_from_this()](Response response) {
            add_security_headers(response);
            self->write(std::move(response));
        });
    if (!begun) {
        Response response =
            error_response(503, "too many answers of this kind wait", "ask again in a moment");
        add_security_headers(response);
        write(std::move(response.with("Retry-After", "1")));
    }
}

void Connection::write(Response response) {
    keep_alive_ = keep_alive_ && !response.close && !shared_.ending;
    head_ = head_of(response, keep_alive_, true);
    body_ = is_head_ || response.status == 304 ? Body() : std::move(response.body);
    answering_ = true;
    write_bytes();
}

void Connection::write_bytes() {
    const std::array<asio::const_buffer, 2> pieces{
        asio::buffer(head_), asio::buffer(body_.bytes().data(), body_.bytes().size())};
    stream_.expires_after(kWriteTime);
    asio::async_write(stream_, pieces, [self = shared_from_this()](Error error, std::size_t) {
        self->on_written(error);
    });
}

void Connection::on_written(Error error) {
    answering_ = false;
    body_ = Body();
    if (error) {
        close();
    } else if (streaming_) {
        watch_peer();
        shared_.streams.add(*this, stream_request_);
        shared_.stream_began();
    } else if (keep_alive_ && !shared_.ending) {
        read_head();
    } else {
        Error ignored;
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        stream_.expires_after(kEndTime);
        linger();
    }
}

void Connection::begin_stream(const StreamRequest& request) {
    Response response;
    response.content_type = "text/event-stream";
    response.with("Cache-Control", "no-store").with("X-Accel-Buffering", "no");
    add_security_headers(response);
    head_ = head_of(response, false, false);
    streaming_ = !is_head_;
    keep_alive_ = false;
    stream_request_ = request;
    answering_ = true;
    write_bytes();
}

void Connection::send(std::shared_ptr<const std::string> event) {
    writing_ = std::move(event);
    stream_.expires_after(kWriteTime);
    asio::async_write(stream_, asio::buffer(*writing_),
                      [self = shared_from_this()](Error error, std::size_t) {
                          self->writing_ = nullptr;
                          if (error) {
                              self->close();
                          }
                      });
}

}  // namespace tidemark::web
