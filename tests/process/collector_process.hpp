// SPDX-License-Identifier: Apache-2.0
//
// A real tidemarkd for process tests: started, killed, stopped in time and started again under one instance, and
// everything that the instance made in /dev/shm removed at the end.
#pragma once

#include <fcntl.h>
#include <poll.h>

#include <filesystem>
#include <fstream>

#include "shm/ring_layout.hpp"
#include "tests/process/child_process.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::test {

// A name of its own, and at its end nothing of it is left.
class OwnInstance {
public:
    OwnInstance() : name_("process-" + std::to_string(getpid()) + "-" + std::to_string(next())) {}
    ~OwnInstance() {
        if (const auto stats = StatsReader::open(name_))  // a killed collector leaves its socket
            unlink(std::string(stats->control_socket()).c_str());
        unlink(("/run/tidemark/" + name_ + ".sock")
                   .c_str());  // root's, also where no stats segment is left
        for (const std::string& object : objects())
            unlink(("/dev/shm/" + object).c_str());
        for (const std::string& ring : rings())
            unlink(("/dev/shm/" + ring).c_str());
    }
    OwnInstance(const OwnInstance&) = delete;
    OwnInstance& operator=(const OwnInstance&) = delete;

    const std::string& name() const { return name_; }
    // tidemark.<instance>.*
    std::vector<std::string> objects() const { return listed("tidemark." + name_ + "."); }
    // Rings that name the instance.
    std::vector<std::string> rings() const {
        return rings_where([this](const shm::RingHeader& ring) { return name_ == ring.instance; });
    }
    template <class Which>
    static std::vector<std::string> rings_where(Which which) {
        std::vector<std::string> found;
        for (const std::string& ring : listed(shm::kRingPrefix)) {
            std::ifstream file("/dev/shm/" + ring, std::ios::binary);
            shm::RingHeader header{};
            file.read(reinterpret_cast<char*>(&header), sizeof header);
            if (which(header)) found.push_back(ring);
        }
        return found;
    }
    Variables tracked(const Variables& more = {}) const {
        Variables all{{"TIDEMARK_ENABLED", "1"}, {"TIDEMARK_INSTANCE", name_}};
        for (const auto& [name, value] : more)
            all[name] = value;
        return all;
    }

    static std::vector<std::string> listed(const std::string& prefix) {
        std::vector<std::string> names;
        std::error_code gone;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", gone)) {
            const std::string name = entry.path().filename();
            if (name.rfind(prefix, 0) == 0) names.push_back(name);
        }
        return names;
    }

private:
    static int next() {
        static int count = 0;
        return ++count;
    }
    std::string name_;
};

// SIGSTOP reaches a process's threads one by one: it is waited for. So nothing is done by it after this.
inline void signal_and_see(pid_t pid, int number) {
    ::kill(pid, number);
    siginfo_t told{};
    if (number == SIGSTOP)
        waitid(P_PID, static_cast<id_t>(pid), &told, WSTOPPED | WEXITED | WNOWAIT);
}

// One tidemarkd process. Killed at the end if it still runs.
class Collector {
public:
    explicit Collector(const std::string& instance, const Words& more = {},
                       const Variables& variables = {}) {
        int ends[2];
        if (pipe2(ends, 0) != 0) std::perror("pipe2");
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        Words words{built("tidemarkd"),     "-q", "-q", "--instance", instance, "--ready-fd",
                    std::to_string(ends[1])};
        words.insert(words.end(), more.begin(), more.end());
        pid_ = start(words, variables);
        close(ends[1]);
        char said[64];
        pollfd answer{ends[0], POLLIN, 0};
        is_ready_ = poll(&answer, 1, kReadyWithin_ms) == 1 && read(ends[0], said, sizeof said) > 0;
        close(ends[0]);
    }
    ~Collector() { kill(); }
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    pid_t pid() const { return pid_; }
    // False: it ended before it was ready, or was not ready within a minute.
    bool is_ready() const { return is_ready_; }
    // One that is told to stop has stopped.
    void signal(int number) const { signal_and_see(pid_, number); }
    void kill() {
        if (!ended_) signal(SIGKILL);
        wait();
    }
    // Its wait status.
    int wait() {
        if (!ended_) status_ = wait_until_ended(pid_);
        ended_ = true;
        return status_;
    }
    bool has_ended() {
        if (!ended_ && waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
        return ended_;
    }

private:
    static constexpr int kReadyWithin_ms = 60'000;
    pid_t pid_ = -1;
    int status_ = 0;
    bool is_ready_ = false;
    bool ended_ = false;
};

}  // namespace tidemark::test
