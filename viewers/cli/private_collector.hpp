// SPDX-License-Identifier: Apache-2.0
//
// The collector that `tidemark run` starts for itself: its own instance, kept until the report is written, gone with
// us. Its death is told and survived: it is started again and goes on from its accounts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "viewers/cli/signals.hpp"

namespace tidemark::cli {

class PrivateCollector {
public:
    // `signals`: what the collector must not inherit. Nothing runs yet.
    explicit PrivateCollector(const RunSignals& signals);
    // Ends it, if it still runs, and takes away what it left.
    ~PrivateCollector();
    PrivateCollector(const PrivateCollector&) = delete;
    PrivateCollector& operator=(const PrivateCollector&) = delete;

    const std::string& instance() const { return instance_; }

    // Starts it and waits until it accepts rings, up to `timeout_ms`. False: error() says why.
    bool start(std::int64_t timeout_ms);
    // The same without waiting.
    bool launch_again();
    // Waits until the last one that was launched accepts rings; at once if it did. False: error() says why.
    bool wait_ready(std::int64_t timeout_ms);
    const std::string& error() const { return error_; }

    // Reaps it if it has ended. True if it runs.
    bool running();
    // Waits for its end. True if it has ended.
    bool wait_end(std::int64_t timeout_ms);
    // How it ended: "was killed by signal 9", "ended with status 1: last line it wrote".
    std::string ending() const;
    std::uint64_t restarts() const { return restarts_; }

    // Asks it to publish its last figures and end; ends it the hard way if it does not. Only its own death matters:
    // figures have been read by then.
    void stop(const std::string& control_socket);

private:
    bool launch();
    std::string last_words() const;
    void remove_objects() const;

    const RunSignals& signals_;
    std::string instance_;
    pid_t pid_ = -1;
    int status_ = 0;
    int ready_fd_ = -1;
    bool ready_ = false;
    int log_fd_ = -1;
    std::uint64_t restarts_ = 0;
    bool died_ = false;
    std::string error_;
};

}  // namespace tidemark::cli
