// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/client_text.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "collector/plain_text.hpp"
#include "tidemark/words.h"

namespace tidemark::collector::gateway {
namespace {

constexpr const char* kPools[TIDEMARK_POOL_FIRST_NAMED] = {
    "DRAM", "L1", "SYSTEM_MEMORY", "L1_SMALL", "TRACE", "CB", "KERNEL"};
constexpr const char* kArchitectures[] = {"unknown", "Grayskull", "Wormhole_B0", "Blackhole",
                                          "Quasar"};

std::string age(std::uint64_t since_ns, std::uint64_t now_ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s",
                  static_cast<double>(now_ns - std::min(since_ns, now_ns)) / 1e9);
    return text;
}

}  // namespace

const char* pool_text(std::uint32_t pool) noexcept {
    return pool < TIDEMARK_POOL_FIRST_NAMED ? kPools[pool] : "unknown";
}

const char* architecture_text(std::uint32_t arch) noexcept {
    return arch < std::size(kArchitectures) ? kArchitectures[arch] : "unknown";
}

const char* operation_text(FrameType type) noexcept {
    switch (type) {
        case FrameType::kAllocation:
            return "ALLOC";
        case FrameType::kFree:
            return "FREE";
        case FrameType::kCbAllocation:
            return "CB_ALLOC";
        case FrameType::kCbFree:
            return "CB_FREE";
        case FrameType::kKernelLoad:
            return "KERNEL_LOAD";
        default:
            return "KERNEL_UNLOAD";
    }
}

std::string hex_text(std::uint64_t id) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(id));
    return text;
}

std::string peer_text(const Peer& peer) {
    return "pid " + std::to_string(peer.pid) +
           (peer.name.empty() ? "" : " (" + plain_text(peer.name) + ")");
}

std::string bytes_text(std::uint64_t bytes) {
    return bytes == 0 ? "unknown" : std::to_string(bytes) + " bytes";
}

std::string held_text(const HeldBuffers::Freed& held, std::uint64_t now_ns) {
    return "  device " + std::to_string(held.key.device) + " buffer " + hex_text(held.key.id) +
           " " + std::to_string(held.buffer.size) + " bytes " + pool_text(held.key.pool) + " age " +
           age(held.buffer.since_ns, now_ns);
}

}  // namespace tidemark::collector::gateway
