// SPDX-License-Identifier: Apache-2.0
//
// How many connections and requests the server takes from one address and from all: counts, and a token bucket an
// address. The /64 of an IPv6 address counts as one. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "viewers/web/publication.hpp"

namespace tidemark::web {

class Admission {
public:
    // A connection begins; false, and nothing is counted, if there are too many.
    bool enter(const std::string& address);
    void leave(const std::string& address);

    // A request; false if the address asked too often.
    bool allow(const std::string& address, Clock::time_point now);

    std::size_t connections() const { return connections_; }

private:
    struct Peer {
        std::size_t connections = 0;
        double tokens;
        Clock::time_point filled;
    };

    void forget_rested(Clock::time_point now);

    std::size_t connections_ = 0;
    std::unordered_map<std::string, Peer> peers_;
};

// What counts as one address: the address itself, of IPv6 the first 64 bits.
std::string peer_key(const std::string& address);

}  // namespace tidemark::web
