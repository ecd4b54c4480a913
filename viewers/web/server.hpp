// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server: one thread, everything asynchronous, so that hundreds of streams cost what they send and no more.
// Boost.Beast and Asio stay in server.cpp, connection* and http_form.*.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "viewers/model/stats_source.hpp"
#include "viewers/web/guard.hpp"

namespace tidemark::web {

struct ServerOptions {
    std::string bind = "127.0.0.1";  // an address
    std::uint16_t port = 9497;       // 0: any that is free
    Access access;
    model::SourceOptions source;
};

// Whether only this machine reaches the address; false for what is no address.
bool is_loopback(const std::string& address);
bool is_address(const std::string& address);

// Serves until SIGINT or SIGTERM, then ends what is under way within kEndTime. `listening` is called once with the port,
// before the first request. Returns what failed, as one sentence; empty after an orderly end.
std::string serve(const ServerOptions& options,
                  const std::function<void(std::uint16_t)>& listening);

}  // namespace tidemark::web
