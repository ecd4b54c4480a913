// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/server.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <vector>

#include "viewers/web/connection.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{
    100};  // after a failure, such as too many open files

std::string this_machine() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Lists may be larger than the memory that there is.
Response outcome(const Work& work) {
    try {
        return work.make();
    } catch (const std::exception& error) {
        return error_response(500, std::string("the answer could not be made: ") + error.what(),
                              "ask for less: with `limit`, `device` and `pool`");
    }
}

class Server {
public:
    explicit Server(const ServerOptions& options)
        : publication_(options.source), router_(publication_, options.access) {}

    std::string listen(const ServerOptions& options);
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    void run();

private:
    void accept();
    void take(tcp::socket socket);
    void schedule_tick();
    bool start_work(Work work, std::function<void(Response)> done);
    void end();

    // Outlive the connections, which end with the context at the latest.
    Publication publication_;
    Router router_;
    Streams streams_{publication_};
    Admission admission_;
    Shared shared_{router_,
                   streams_,
                   admission_,
                   [this] { schedule_tick(); },
                   [this](Work work, std::function<void(Response)> done) {
                       return start_work(std::move(work), std::move(done));
                   },
                   [this] { end_.cancel(); }};
    asio::io_context context_{1};
    tcp::acceptor acceptor_{context_};
    asio::steady_timer tick_{context_}, pause_{context_}, end_{context_};
    bool ticking_ = false;
    // A thread for each queue; they end first.
    struct Line {
        std::size_t room;
        std::size_t queued = 0;
        asio::thread_pool worker{1};
    };
    Line lists_{kQueuedWork}, scrapes_{kQueuedScrapes};
};

std::string Server::listen(const ServerOptions& options) {
    Error error;
    const tcp::endpoint endpoint(asio::ip::make_address(options.bind, error), options.port);
    const auto failed = [&](const char* what) {
        return "cannot " + std::string(what) + ' ' + options.bind + " port " +
               std::to_string(options.port) + ": " + error.message() +
               "; choose another with --bind and --port (0: any that is free)";
    };
    if (error) {
        return failed("understand the address");
    }
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
        acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor_.bind(endpoint, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    return error ? failed("listen on") : std::string();
}

void Server::accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
        if (!acceptor_.is_open()) {
            return;
        }
        if (!error) {
            take(std::move(socket));
            accept();
            return;
        }
        pause_.expires_after(kAcceptPause);
        pause_.async_wait([this](Error cancelled) {
            if (!cancelled) {
                accept();
            }
        });
    });
}

void Server::take(tcp::socket socket) {
    Error error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) {
        return;
    }
    socket.set_option(tcp::no_delay(true), error);
    const std::string address = peer.address().to_string();
    const bool admitted = admission_.enter(address);
    if (!admitted && shared_.connections.size() > kConnections + kTurnedAway) {
        return;
    }
    const auto connection = std::make_shared<Connection>(std::move(socket), address, shared_);
    if (admitted) {
        connection->start();
    } else {
        connection->turn_away();
    }
}

// Runs only while somebody follows.
void Server::schedule_tick() {
    if (ticking_ || streams_.empty()) {
        return;
    }
    ticking_ = true;
    streams_.tick(Clock::now());
    tick_.expires_after(kStreamTick);
    tick_.async_wait([this](Error cancelled) {
        ticking_ = false;
        if (!cancelled) {
            schedule_tick();
        }
    });
}

bool Server::start_work(Work work, std::function<void(Response)> done) {
    Line& line = work.queue == Queue::kMetrics ? scrapes_ : lists_;
    if (line.queued >= line.room) {
        return false;
    }
    ++line.queued;
    asio::post(line.worker, [this, &line, work = std::move(work), done = std::move(done),
                             guard = asio::make_work_guard(context_)]() mutable {
        asio::post(context_, [&line, done = std::move(done), response = outcome(work)]() mutable {
            --line.queued;
            done(std::move(response));
        });
    });
    return true;
}

void Server::end() {
    shared_.ending = true;
    acceptor_.close();
    pause_.cancel();
    tick_.cancel();
    const std::vector<Connection*> open(shared_.connections.begin(), shared_.connections.end());
    for (Connection* connection : open) {
        connection->finish();
    }
    if (!shared_.connections.empty()) {
        end_.expires_after(kEndTime);
        end_.async_wait([this](Error cancelled) {
            if (!cancelled) {
                context_.stop();
            }
        });
    }
}

void Server::run() {
    asio::signal_set signals(context_, SIGINT, SIGTERM);
    signals.async_wait([this](Error error, int) {
        if (!error) {
            end();
        }
    });
    accept();
    context_.run();
    shared_.all_gone = nullptr;  // what ends now ends with the context
}

}  // namespace

bool is_address(const std::string& address) {
    Error error;
    asio::ip::make_address(address, error);
    return !error;
}

bool is_loopback(const std::string& address) {
    Error error;
    const auto parsed = asio::ip::make_address(address, error);
    return !error && parsed.is_loopback();
}

std::string serve(const ServerOptions& options,
                  const std::function<void(std::uint16_t)>& listening) {
    ServerOptions complete = options;
    complete.access.names.push_back(this_machine());
    Server server(complete);
    std::string problem = server.listen(complete);
    if (problem.empty()) {
        listening(server.port());
        server.run();
    }
    return problem;
}

}  // namespace tidemark::web
