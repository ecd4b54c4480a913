// SPDX-License-Identifier: Apache-2.0
//
// The words of the older server's log, which scripts grep.
#pragma once

#include <cstdint>
#include <string>

#include "collector/gateway/frame.hpp"
#include "collector/gateway/held_buffers.hpp"
#include "collector/gateway/peer.hpp"

namespace tidemark::collector::gateway {

// "DRAM"; "unknown" for a number that no older client can mean.
const char* pool_text(std::uint32_t pool) noexcept;
const char* architecture_text(std::uint32_t arch) noexcept;
// "ALLOC", of an event.
const char* operation_text(FrameType type) noexcept;
std::string hex_text(std::uint64_t id);
// "pid 4711 (trainer)"
std::string peer_text(const Peer& peer);
// "1024 bytes", or "unknown" for 0.
std::string bytes_text(std::uint64_t bytes);
// "  device 0 buffer 0x3 2048 bytes CB age 12.4 s"; `now_ns` is CLOCK_MONOTONIC.
std::string held_text(const HeldBuffers::Freed& held, std::uint64_t now_ns);

}  // namespace tidemark::collector::gateway
