// SPDX-License-Identifier: Apache-2.0
//
// A private collector of this program's own instance (TIDEMARK_INSTANCE): bin/tidemarkd beside this program, started as
// a person would and ended with it. Not for anything that runs for longer than a benchmark.
#pragma once

#include <sys/types.h>

#include <string>

namespace tidemark::bench {

class CollectorProcess {
public:
    CollectorProcess();  // returns once it is ready, or is not: see `why`
    ~CollectorProcess();
    CollectorProcess(const CollectorProcess&) = delete;
    CollectorProcess& operator=(const CollectorProcess&) = delete;

    bool is_ready() const { return why_.empty(); }
    const char* why() const { return why_.c_str(); }
    pid_t pid() const { return pid_; }
    // Processor time of all its threads so far, in seconds.
    double processor_seconds() const;

private:
    pid_t pid_ = 0;
    std::string why_;
};

}  // namespace tidemark::bench
