// SPDX-License-Identifier: Apache-2.0
//
// Another process that publishes a row of its own stats segment without a pause, off the first processor: the most that
// who reads it can be disturbed.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <stdexcept>

#include "bench/harness.hpp"
#include "bench/stats_bed.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::bench {

class BusyPublisher {
public:
    BusyPublisher() {
        if (allowed_processors().size() < 2) throw std::runtime_error("needs two processors");
        reader = StatsReader::open(stats_.instance());
        if (!reader) throw std::runtime_error("the stats segment can't be read");
        child_ = fork();
        if (child_ == 0) publish_for_ever();
        if (child_ < 0) throw std::runtime_error("no process could be made");
        keep_off_first(child_);
    }
    ~BusyPublisher() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    BusyPublisher(const BusyPublisher&) = delete;
    BusyPublisher& operator=(const BusyPublisher&) = delete;

    std::optional<StatsReader> reader;

private:
    [[noreturn]] void publish_for_ever() {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            stats_.publish(1);
    }

    StatsBed stats_{1};
    pid_t child_ = -1;
};

}  // namespace tidemark::bench
