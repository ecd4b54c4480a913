// SPDX-License-Identifier: Apache-2.0
//
// The two ways from a program to a figure that others can read, for steady.cpp and latency.cpp: Tidemark's, with a
// collector, and a message over a Unix socket to a server. Each can `append` an allocation or a free (the number says
// which), knows how many own events are `readable` (from whatever number on), and which process the other side is. That
// one stays off the first processor, where who is measured spins.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "bench/collector_process.hpp"
#include "bench/harness.hpp"
#include "bench/stand_in_server.hpp"
#include "shm/clock.hpp"
#include "tidemark/producer.h"
#include "tidemark/stats_reader.hpp"

namespace tidemark::bench {

// Device 0 is for whoever makes noise, device 1 for whoever looks when its events arrive.
enum class Who { kNoise = 0, kOwn = 1 };

class TidemarkPath {
public:
    // One for the whole program: a collector that ends takes the rings of its instance with it.
    static std::shared_ptr<const TidemarkPath> make() {
        static const auto one = std::make_shared<const TidemarkPath>();
        return one;
    }
    TidemarkPath() {
        if (!collector_.is_ready()) throw std::runtime_error(collector_.why());
        keep_off_first(collector_.pid());
        append(Who::kOwn, 0);
        append(Who::kOwn, 1);
        if (tidemark_flush(60'000) != TIDEMARK_FLUSH_PUBLISHED)
            throw std::runtime_error("the collector did not publish");
        reader_ = StatsReader::open(std::getenv("TIDEMARK_INSTANCE"));
        if (!reader_) throw std::runtime_error("the stats segment can't be read");
        tidemark_usage_row row;
        while (reader_->read(index_, row) == TIDEMARK_READ_OK && row.device != 1)
            ++index_;
    }
    void append(Who who, std::uint64_t number) const {
        const auto device = static_cast<std::uint32_t>(who);
        const std::uint64_t id = 0x1000 + (number >> 1) * 64;
        if ((number & 1) == 0)
            tidemark_allocation(device, TIDEMARK_POOL_DRAM, id, 64);
        else
            tidemark_free(device, TIDEMARK_POOL_DRAM, id);
    }
    std::uint64_t readable() const {
        tidemark_usage_row row;
        if (reader_->read(index_, row) != TIDEMARK_READ_OK) return 0;
        return row.allocations + row.frees;
    }
    pid_t receiver() const { return collector_.pid(); }

private:
    CollectorProcess collector_;
    std::optional<StatsReader> reader_;
    std::uint32_t index_ = 0;
};

class SocketPath {
public:
    SocketPath() { keep_off_first(server_.pid()); }
    static std::shared_ptr<const SocketPath> make() { return std::make_shared<const SocketPath>(); }
    void append(Who who, std::uint64_t number) const {
        using Message = StandInServer::Message;
        Message message{};
        message.type = (number & 1) == 0 ? Message::kAllocation : Message::kFree;
        message.buffer = (number >> 1) * 64;
        message.size = 64;
        message.time = shm::monotonic_ns(CLOCK_REALTIME);
        server_.tell(static_cast<int>(who), message);
    }
    std::uint64_t readable() const { return server_.applied(static_cast<int>(Who::kOwn)); }
    pid_t receiver() const { return server_.pid(); }

private:
    StandInServer server_{2};
};

}  // namespace tidemark::bench
