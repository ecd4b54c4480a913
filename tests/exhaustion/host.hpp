// SPDX-License-Identifier: Apache-2.0
//
// The host program of a test, and the sums that must come out: what it sent was applied or lost, and lost means counted
// under a cause.
#pragma once

#include <fcntl.h>

#include <cstdio>
#include <cstring>
#include <sstream>

#include "tests/process/script_world.hpp"

namespace tidemark::test {

struct Sum {
    std::uint64_t allocations = 0, frees = 0, bytes = 0;
    bool operator==(const Sum&) const = default;
};

class HostProgram {
public:
    explicit HostProgram(const Variables& variables) {
        int in[2], out[2];
        REQUIRE(pipe2(in, O_CLOEXEC) == 0);
        REQUIRE(pipe2(out, O_CLOEXEC) == 0);
        pid_ = start({built("exhaustion_host")}, variables, out[1], in[0]);
        close(in[0]);
        close(out[1]);
        in_ = in[1];
        out_ = fdopen(out[0], "r");
    }
    ~HostProgram() {
        close(in_);
        wait();
        fclose(out_);
    }
    HostProgram(const HostProgram&) = delete;
    HostProgram& operator=(const HostProgram&) = delete;

    pid_t pid() const { return pid_; }
    std::string tell(const std::string& line) const {
        const std::string sent = line + "\n";
        if (write(in_, sent.data(), sent.size()) < 0) return "gone";
        char answer[1024] = "";
        if (fgets(answer, sizeof answer, out_) == nullptr) return "gone";
        return std::string(answer, strcspn(answer, "\n"));
    }
    // True if the program did what it always does: the same answer, whatever became of its events.
    bool does(std::uint64_t events, unsigned threads = 1) {
        sent_.allocations += events * threads;
        sent_.frees += events / 4 * threads;
        sent_.bytes += 10 * events * threads;
        const std::string line = "do " + std::to_string(events) + " " + std::to_string(threads);
        return tell(line) ==
               std::to_string(events * threads) + " " + std::to_string(events / 4 * threads);
    }
    // The same in its one thread, and each is freed: nothing is asked of the system for that.
    bool does_in_pairs(std::uint64_t events) {
        sent_.allocations += events;
        sent_.frees += events;
        sent_.bytes += 10 * events;
        return tell("pair " + std::to_string(events)) ==
               std::to_string(events) + " " + std::to_string(events);
    }
    const Sum& sent() const { return sent_; }
    // As it counts itself.
    Sum lost(tidemark_loss_cause cause) const {
        std::istringstream words(tell("lost"));
        Sum lost;
        for (int i = 0; i <= cause; ++i)
            words >> lost.allocations >> lost.frees >> lost.bytes;
        return lost;
    }
    // With 7, whatever happened to its events.
    bool ends() {
        (void)!write(in_, "end\n", 4);
        return wait() == 7 << 8;
    }

private:
    int wait() {
        if (pid_ > 0) status_ = wait_until_ended(pid_);
        pid_ = -1;
        return status_;
    }

    pid_t pid_ = -1;
    int status_ = 0;
    int in_ = -1;
    FILE* out_ = nullptr;
    Sum sent_;
};

template <class Row>
Sum lost_of(const Row& row) {
    Sum sum;
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        sum.allocations += row.lost_allocations[cause];
        sum.frees += row.lost_frees[cause];
        sum.bytes += row.lost_bytes[cause];
    }
    return sum;
}

// What the process's rows say that it sent: applied, unknown or lost.
inline Sum accounted(const std::string& instance, pid_t pid) {
    const auto row = process_of(instance, pid);
    if (!row) return {};
    Sum sum = lost_of(*row);
    sum.frees += row->unknown_frees;
    if (const auto usage = usage_of(instance, row->image)) {
        sum.allocations += usage->allocations;
        sum.frees += usage->frees;
        sum.bytes += usage->total_allocated;
    }
    return sum;
}

// Sends a little now and then until all that was sent is accounted for: a ring that could not be made is tried again
// after a second.
inline bool recovers(const std::string& instance, HostProgram& host) {
    return comes_true([&] {
        host.does(4);
        return host.tell("flush") == "0" && accounted(instance, host.pid()) == host.sent();
    });
}

// What was lost under other causes, in words; nothing: "".
inline std::string lost_otherwise(const tidemark_process_row& row, tidemark_loss_cause expected) {
    std::string text;
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause)
        if (cause != expected && row.lost_allocations[cause] != 0)
            text += "cause " + std::to_string(cause) + ": " +
                    std::to_string(row.lost_allocations[cause]) + "\n";
    return text;
}

inline std::string text(const Sum& sum) {
    return std::to_string(sum.allocations) + " allocations, " + std::to_string(sum.frees) +
           " frees, " + std::to_string(sum.bytes) + " bytes";
}

}  // namespace tidemark::test
