// SPDX-License-Identifier: Apache-2.0
//
// The running collector put together: instance lock, event loop, sinks, core, watches, control socket; what starts
// before what, and what ends after what. The main thread is the event loop's; the core has the drain thread.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "collector/background.hpp"
#include "collector/control.hpp"
#include "collector/core.hpp"
#include "collector/core_door.hpp"
#include "collector/event_loop.hpp"
#include "collector/gateway/gateway.hpp"
#include "collector/gateway/tracy_server.hpp"
#include "collector/instance_lock.hpp"
#include "collector/options.hpp"
#include "collector/process_watch.hpp"
#include "collector/regions/region_timer.hpp"
#include "collector/signals.hpp"
#include "collector/sinks.hpp"
#include "collector/watch.hpp"
#include "collector/watchdog.hpp"

namespace tidemark::collector {

class Service {
public:
    explicit Service(const Options& options);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Runs until it is told to end. Returns the process's exit status. Signals are prepared by the caller.
    int run(StartReport& report);

private:
    enum class Locked { kYes, kRunsAlready, kFailed };

    Locked lock(std::string& text);
    bool open(std::string& error);
    bool open_core(std::string& error);
    void open_control();
    bool open_older_sockets(std::string& error);
    bool listen_on_older_sockets(std::string& error);
    void listen_later();
    void close_older_sockets();
    void open_regions();
    bool write_record(bool ready, std::string& error);
    void lock_removed();
    void request_stop(const std::string& why);
    void drain();
    void drain_ended();
    void leave();

    const bool background_;
    const gateway::ClientLog::Level client_log_;
    const pid_t parent_;
    Configuration configuration_;
    InstanceRecord record_;
    std::unique_ptr<InstanceLock> lock_;
    EventLoop loop_;
    EndWatch ends_;
    Sinks sinks_;
    std::unique_ptr<Core> core_;
    std::unique_ptr<CoreDoor> door_;
    std::unique_ptr<ProcessWatch> processes_;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<Control> control_;
    std::unique_ptr<gateway::Gateway> gateway_;
    std::unique_ptr<gateway::TracyServer> tracy_;
    std::unique_ptr<regions::RegionTimer> regions_;
    Watchdog watchdog_;
    std::thread drain_;
    std::string drain_failure_;  // written by the drain thread before it ends
    bool stopping_ = false;
};

}  // namespace tidemark::collector
