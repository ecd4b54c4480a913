// SPDX-License-Identifier: Apache-2.0
//
// What the instance has published of a device, read as any tool would read it, for answers on the older sockets. What
// dead socket clients left stays in these sums for a grace: scripts ask right after their programs ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/gateway/frame.hpp"
#include "collector/gateway/held_buffers.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class PublishedFigures {
public:
    explicit PublishedFigures(std::string instance) : instance_(std::move(instance)) {}

    // A device that nobody named or used is not available, and its figures are 0.
    DeviceFigures of(std::int32_t device, std::uint64_t now_ns);
    // Every accelerator that the instance knows.
    std::vector<tidemark_device_row> devices();

    // Counts what a dead client left until `until_ns` (CLOCK_MONOTONIC).
    void remember(const std::vector<HeldBuffers::Freed>& left, std::uint64_t until_ns);

private:
    // A sum over one dead client's buffers: a question costs the same, however many it left.
    struct Leftover {
        std::uint64_t until_ns;
        std::uint32_t device, pool;
        std::uint64_t bytes, buffers;
    };
    const StatsReader* reader();
    void add_leftovers(std::uint32_t device, std::uint64_t now_ns, DeviceFigures& figures);

    std::string instance_;
    std::optional<StatsReader> reader_;
    std::vector<Leftover> leftovers_;
};

}  // namespace tidemark::collector::gateway
