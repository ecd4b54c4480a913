// SPDX-License-Identifier: Apache-2.0
//
// The older server's log on standard output, which scripts grep: a line an event with what socket clients hold then, a
// line a connection, what a process left. Whoever reads it slowly loses lines, which are counted; nobody waits for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collector/event_loop.hpp"
#include "collector/gateway/client_process.hpp"
#include "collector/gateway/log_output.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class ClientLog {
public:
    enum class Level {
        kSilent,  // nothing: a collector in the background
        kQuiet,   // all but events and connections
        kVerbose,
    };

    ClientLog(EventLoop& loop, Level level, int descriptor = 1)
        : level_(level), output_(loop, descriptor) {}
    ClientLog(const ClientLog&) = delete;
    ClientLog& operator=(const ClientLog&) = delete;

    void listening(const std::string& path);
    void device(const tidemark_device_row& device, const DeviceFigures& figures);
    void connected(const Peer& peer);
    void disconnected(const ClientProcess& client);
    void event(const Frame& frame, const Applied& applied, const ClientProcess& client);
    void ended(const Peer& peer, const std::vector<HeldBuffers::Freed>& left, std::uint64_t now_ns);
    // DUMP_REMAINING, or with `kernels_only` DUMP_KERNELS.
    // Answers how many buffers there are; nothing is looked at, and 0 answered, where nobody reads.
    std::size_t dump(const ClientProcess& client, bool kernels_only, std::uint64_t now_ns);
    void dump_total(std::size_t buffers, bool kernels_only);
    // The client's own ring tells of that device from now on.
    void left(const ClientProcess& client, std::uint32_t device);

private:
    struct Sums {
        std::uint64_t bytes[TIDEMARK_POOL_FIRST_NAMED] = {};
        std::uint64_t buffers = 0;
    };
    void line(const std::string& text);
    std::string totals(std::uint32_t device, std::uint32_t pool) const;
    void count(const Frame& frame, const Applied& applied);
    void forget(const HeldBuffers::Freed& held);

    Level level_;
    LogOutput output_;
    std::map<std::uint32_t, Sums> sums_;
};

}  // namespace tidemark::collector::gateway
