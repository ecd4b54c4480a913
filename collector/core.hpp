// SPDX-License-Identifier: Apache-2.0
//
// The drain side of the collector behind one door: everything that touches rings, accounts, ledger and stats segment
// happens on the thread that calls run(). The cold side (control socket, directory watch, signals, sinks) speaks to
// it only through post(). What happens inside a pass stands in pass.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/configuration.hpp"
#include "collector/ending.hpp"
#include "collector/sink_record.hpp"
#include "shm/ring_layout.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::collector {

class Core {
public:
    // `sinks` must outlive the core.
    Core(const Configuration& configuration, SinkPort& sinks);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // Recovers accounts and ledger, makes the stats segment, attaches the rings that are there. The caller holds the
    // instance's lock. False: `error` says what was tried, on what, why it failed.
    [[nodiscard]] bool open(std::string& error);

    // Drains until request_stop; publishes the last figures and marks the segment stopped.
    void run();

    // Any thread. Runs `task` on the drain thread between two passes, and wakes it.
    void post(std::function<void(Core&)> task);
    // Any thread, also a signal handler's thread.
    void request_stop() noexcept;

    // Drain thread only (inside a posted task, or before run).
    void ring_appeared(
        const std::string& object_name);  // tidemark.ring.<image> was renamed into place
    void ring_released(
        const std::string& object_name);  // somebody who had it open for writing let it go
    void rescan();                        // the directory watch lost events
    void process_ended(std::uint64_t image, Ending ending);  // a pidfd said so
    void lost_without_ring(const shm::LossCounter& lost);    // for want of space
    void regions(std::vector<tidemark_region_row> rows);     // what tt-metal's own say
    std::uint64_t flush();             // applies and publishes all; number of the publication
    std::size_t running() const;       // images attached
    std::vector<std::string> clean();  // unlinks what nobody uses; names removed
    void leaks_recorded(std::uint64_t image);  // the leak log holds them: no repeat after a restart
    std::uint64_t generation() const;

    // Called on the drain thread when an image is attached, so that the cold side can watch its pid.
    std::function<void(std::uint64_t image, int pid)> on_attached;
    // The same when a socket client's own ring was found to tell of a device too: what the socket tells of it counts no
    // more.
    std::function<void(std::uint64_t image, std::uint32_t device)> on_covered;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace tidemark::collector
