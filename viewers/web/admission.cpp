// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/admission.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

double filled(double tokens, Clock::duration since) {
    return std::min(kRequestBurst,
                    tokens + std::chrono::duration<double>(since).count() * kRequestsPerSecond);
}

}  // namespace

std::string peer_key(const std::string& address) {
    in6_addr parsed{};
    if (inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), &parsed) != 1 ||
        IN6_IS_ADDR_V4MAPPED(&parsed)) {
        return address;
    }
    return {reinterpret_cast<const char*>(parsed.s6_addr), 8};
}

bool Admission::enter(const std::string& address) {
    const Clock::time_point now = Clock::now();
    if (peers_.size() >= kAddresses) {
        forget_rested(now);
    }
    if (connections_ >= kConnections || peers_.size() >= kAddresses) {
        return false;
    }
    Peer& peer = peers_.try_emplace(peer_key(address), Peer{0, kRequestBurst, now}).first->second;
    if (peer.connections >= kConnectionsPerAddress) {
        return false;
    }
    ++peer.connections;
    ++connections_;
    return true;
}

void Admission::leave(const std::string& address) {
    const auto at = peers_.find(peer_key(address));
    if (at != peers_.end() && at->second.connections > 0) {
        --at->second.connections;
        --connections_;
    }
}

bool Admission::allow(const std::string& address, Clock::time_point now) {
    const auto at = peers_.find(peer_key(address));
    if (at == peers_.end()) {
        return false;
    }
    Peer& peer = at->second;
    peer.tokens = filled(peer.tokens, now - peer.filled);
    peer.filled = now;
    if (peer.tokens < 1) {
        return false;
    }
    peer.tokens -= 1;
    return true;
}

// Who has no connection and a full bucket is as good as never seen.
void Admission::forget_rested(Clock::time_point now) {
    std::erase_if(peers_, [&](const auto& entry) {
        const Peer& peer = entry.second;
        return peer.connections == 0 && filled(peer.tokens, now - peer.filled) >= kRequestBurst;
    });
}

}  // namespace tidemark::web
