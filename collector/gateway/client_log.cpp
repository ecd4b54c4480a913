// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/client_log.hpp"

#include "collector/gateway/client_text.hpp"

namespace tidemark::collector::gateway {

void ClientLog::line(const std::string& text) {
    if (level_ != Level::kSilent) output_.line(text);
}

void ClientLog::listening(const std::string& path) { line("listening on " + path); }

void ClientLog::device(const tidemark_device_row& device, const DeviceFigures& figures) {
    line("device " + std::to_string(device.device) + ": architecture " +
         architecture_text(device.arch) + ", DRAM " + bytes_text(figures.total_dram) + ", L1 " +
         bytes_text(figures.total_l1));
}

void ClientLog::connected(const Peer& peer) {
    if (level_ == Level::kVerbose) line("connected: " + peer_text(peer));
}

void ClientLog::disconnected(const ClientProcess& client) {
    if (level_ != Level::kVerbose) return;
    line("disconnected: " + peer_text(client.peer()) + ", runs on with " +
         std::to_string(client.held().count()) + " buffers");
}

void ClientLog::count(const Frame& frame, const Applied& applied) {
    if (!applied.is_known || applied.pool >= TIDEMARK_POOL_FIRST_NAMED) return;
    Sums& sums = sums_[static_cast<std::uint32_t>(frame.device)];
    const bool allocates = frame.type == FrameType::kAllocation ||
                           frame.type == FrameType::kCbAllocation ||
                           frame.type == FrameType::kKernelLoad;
    sums.bytes[applied.pool] += allocates ? applied.size : 0 - applied.size;
    if (applied.pool != TIDEMARK_POOL_CB && applied.pool != TIDEMARK_POOL_KERNEL)
        sums.buffers += allocates ? std::uint64_t{1} : ~std::uint64_t{0};
}

void ClientLog::forget(const HeldBuffers::Freed& held) {
    Sums& sums = sums_[held.key.device];
    sums.bytes[held.key.pool] -= held.buffer.size;
    if (held.key.pool != TIDEMARK_POOL_CB && held.key.pool != TIDEMARK_POOL_KERNEL) --sums.buffers;
}

void ClientLog::left(const ClientProcess& client, std::uint32_t device) {
    for (const HeldBuffers::Freed& held : client.held().all())
        if (held.key.device == device) forget(held);
    line(peer_text(client.peer()) + " tells of device " + std::to_string(device) +
         " through its own ring; its messages about it are not counted");
}

std::string ClientLog::totals(std::uint32_t device, std::uint32_t pool) const {
    const auto place = sums_.find(device);
    const Sums sums = place == sums_.end() ? Sums{} : place->second;
    if (pool == TIDEMARK_POOL_CB || pool == TIDEMARK_POOL_KERNEL)
        return std::string(pool_text(pool)) + " " + std::to_string(sums.bytes[pool]);
    return "DRAM " + std::to_string(sums.bytes[TIDEMARK_POOL_DRAM]) + " L1 " +
           std::to_string(sums.bytes[TIDEMARK_POOL_L1]) + " buffers " +
           std::to_string(sums.buffers);
}

void ClientLog::event(const Frame& frame, const Applied& applied, const ClientProcess& client) {
    count(frame, applied);
    if (level_ != Level::kVerbose) return;
    const auto device = static_cast<std::uint32_t>(frame.device);
    line("[device " + std::to_string(frame.device) + "] " + operation_text(frame.type) + " " +
         std::to_string(applied.is_known ? applied.size : frame.size) + " bytes " +
         (applied.is_known ? pool_text(applied.pool) : "unknown") + " pid " +
         std::to_string(client.peer().pid) + " buffer " + hex_text(frame.id) + " | " +
         totals(device, applied.is_known ? applied.pool : 0));
}

void ClientLog::ended(const Peer& peer, const std::vector<HeldBuffers::Freed>& left,
                      std::uint64_t now_ns) {
    std::uint64_t bytes = 0;
    for (const HeldBuffers::Freed& held : left) {
        bytes += held.buffer.size;
        forget(held);
    }
    line("ended: " + peer_text(peer) + " left " + std::to_string(left.size()) + " buffers, " +
         std::to_string(bytes) + " bytes");
    if (level_ == Level::kSilent) return;
    for (const HeldBuffers::Freed& held : left)
        output_.line_of([&] { return held_text(held, now_ns); });
    output_.write();
}

std::size_t ClientLog::dump(const ClientProcess& client, bool kernels_only, std::uint64_t now_ns) {
    if (level_ == Level::kSilent) return 0;
    std::size_t count = 0;
    for (const HeldBuffers::Freed& held : client.held().all()) {
        if (kernels_only != (held.key.pool == TIDEMARK_POOL_KERNEL)) continue;
        ++count;
        output_.line_of(
            [&] { return held_text(held, now_ns) + " pid " + std::to_string(client.peer().pid); });
    }
    return count;
}

void ClientLog::dump_total(std::size_t buffers, bool kernels_only) {
    line("remaining: " + std::to_string(buffers) + (kernels_only ? " kernels" : " buffers"));
}

}  // namespace tidemark::collector::gateway
