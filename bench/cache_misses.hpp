// SPDX-License-Identifier: Apache-2.0
//
// Cache misses of threads, where the kernel and the machine count them: a virtual machine often has no counters.
#pragma once

#include <dirent.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace tidemark::bench {

class CacheMisses {
public:
    // Of all threads that the process has now, from now on.
    explicit CacheMisses(pid_t process) {
        const std::string folder = "/proc/" + std::to_string(process) + "/task";
        DIR* const tasks = opendir(folder.c_str());
        if (tasks == nullptr) return;
        while (const dirent* entry = readdir(tasks))
            if (entry->d_name[0] != '.') count(static_cast<pid_t>(std::atol(entry->d_name)));
        closedir(tasks);
    }
    ~CacheMisses() {
        for (const int one : counters_)
            close(one);
    }
    CacheMisses(const CacheMisses&) = delete;
    CacheMisses& operator=(const CacheMisses&) = delete;

    // So far; nothing: not counted here.
    std::optional<double> sum() const {
        if (refused_ || counters_.empty()) return std::nullopt;
        double all = 0;
        for (const int one : counters_) {
            std::uint64_t value = 0;
            if (read(one, &value, sizeof value) != sizeof value) return std::nullopt;
            all += static_cast<double>(value);
        }
        return all;
    }

private:
    void count(pid_t thread) {
        perf_event_attr what{};
        what.size = sizeof what;
        what.type = PERF_TYPE_HARDWARE;
        what.config = PERF_COUNT_HW_CACHE_MISSES;
        what.exclude_kernel = 1;
        const long counter =
            syscall(SYS_perf_event_open, &what, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
        if (counter < 0)
            refused_ = true;
        else
            counters_.push_back(static_cast<int>(counter));
    }

    std::vector<int> counters_;
    bool refused_ = false;
};

}  // namespace tidemark::bench
