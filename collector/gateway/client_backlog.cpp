// SPDX-License-Identifier: Apache-2.0
//
// A client's ring, and what waits for room there: how long, and what becomes of it then.
#include "collector/gateway/client_process.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::uint64_t kRetryNs = 1'000'000'000;
constexpr std::uint64_t kPatienceNs = 2'000'000'000;  // for a full ring that nobody drains

}  // namespace

// A ring that was refused is asked for again, for space may have come.
bool ClientProcess::has_ring(std::uint64_t now_ns, std::string& error) {
    if (ring_) return true;
    if (now_ns < try_again_ns_) return false;
    std::string reason;
    ring_ = ProxyRing::make(peer_, instance_, reason);
    if (!ring_) {
        if (try_again_ns_ == 0) error = reason;
        try_again_ns_ = now_ns + kRetryNs;
        return false;
    }
    if (without_ring_.allocations + without_ring_.frees != 0)
        ring_->count_lost(TIDEMARK_LOSS_NO_SPACE, without_ring_);
    return true;
}

void ClientProcess::send(const shm::Event& event) {
    if (backlog_.empty() && ring_->append(event)) {
        has_given_up_ = false;
    } else if (has_given_up_) {
        lose(event);
    } else {
        backlog_.push_back(event);
    }
}

void ClientProcess::lose(const shm::Event& event) {
    const bool allocates = event.operation() == shm::Operation::kAllocation;
    ring_->count_lost(TIDEMARK_LOSS_FULL,
                      {allocates ? 1u : 0u, allocates ? 0u : 1u, allocates ? event.size() : 0});
}

bool ClientProcess::pump(std::uint64_t now_ns) {
    const std::size_t before = backlog_.size();
    while (!backlog_.empty() && ring_->append(backlog_.front()))
        backlog_.pop_front();
    if (ring_) ring_->wake();
    if (backlog_.size() != before || stuck_since_ns_ == 0) stuck_since_ns_ = now_ns;
    if (now_ns - stuck_since_ns_ >= kPatienceNs) give_up();
    if (backlog_.empty()) stuck_since_ns_ = 0;
    return backlog_.empty();
}

void ClientProcess::give_up() {
    for (const shm::Event& event : backlog_)
        lose(event);
    backlog_.clear();
    has_given_up_ = true;
}

void ClientProcess::count_unread(std::uint64_t messages) {
    if (ring_ && messages != 0) ring_->count_lost(TIDEMARK_LOSS_FULL, {messages, 0, 0});
}

}  // namespace tidemark::collector::gateway
