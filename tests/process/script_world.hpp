// SPDX-License-Identifier: Apache-2.0
//
// A script under way, and what a collector publishes of it.
#pragma once

#include <doctest/doctest.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include <climits>

#include <string>

#include "tests/process/collector_process.hpp"
#include "tests/process/ledger_compare.hpp"
#include "tests/process/ledger_script.hpp"

namespace tidemark::test {

class Script {
public:
    Script(const std::string& what, const Words& more, const Variables& variables)
        : descriptor_(memfd_create("script", 0)) {
        if (ftruncate(descriptor_, sizeof(ScriptPage)) != 0) std::perror("ftruncate");
        page_ = static_cast<ScriptPage*>(
            mmap(nullptr, sizeof(ScriptPage), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0));
        Words words{built("ledger_script"), what, std::to_string(descriptor_)};
        words.insert(words.end(), more.begin(), more.end());
        pid_ = start(words, variables);
    }
    ~Script() {
        if (!ended_) kill(pid_, SIGKILL);
        wait();
        munmap(page_, sizeof(ScriptPage));
        close(descriptor_);
    }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    pid_t pid() const { return pid_; }
    ScriptPage& page() { return *page_; }
    bool arrived(std::uint32_t number) {
        return comes_true([&] { return seen(page_->arrived) >= number; });
    }
    void go(std::uint32_t phase) {
        tell(page_->go, phase);
        syscall(SYS_futex, &page_->go, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    }
    int wait() {
        if (!ended_) status_ = wait_until_ended(pid_);
        ended_ = true;
        return status_;
    }

private:
    int descriptor_;
    ScriptPage* page_ = nullptr;
    pid_t pid_ = -1;
    int status_ = 0;
    bool ended_ = false;
};

// Between two publications, so that who waited for one row finds the others of that pass; at once, where a collector
// died inside one.
inline StatsReader read_stats(const std::string& instance) {
    std::string error;
    auto reader = StatsReader::open(instance, &error);
    INFO(error);
    REQUIRE(reader);
    for (int i = 0; i < 1000 && !reader->unchanged_since(reader->moment()); ++i)
        usleep(1000);
    return std::move(*reader);
}

inline std::optional<tidemark_process_row> process_of(const std::string& instance, pid_t pid) {
    return row_where<tidemark_process_row>(read_stats(instance),
                                           [pid](const auto& r) { return r.pid == pid; });
}

inline std::optional<tidemark_process_usage_row> usage_of(const std::string& instance,
                                                          std::uint64_t image,
                                                          std::uint32_t device = 0) {
    return row_where<tidemark_process_usage_row>(read_stats(instance), [&](const auto& r) {
        return r.image == image && r.device == device;
    });
}

inline std::optional<tidemark_usage_row> usage_of(const std::string& instance,
                                                  std::uint32_t device = 0) {
    return row_where<tidemark_usage_row>(
        read_stats(instance), [&](const auto& r) { return r.device == device && r.pool == 0; });
}

inline tidemark_collector_row collector_of(const std::string& instance) {
    return read_stats(instance).read<tidemark_collector_row>(0).value_or(tidemark_collector_row{});
}

// What an ended image left, as its account shows it, against what its script left.
inline std::string leak_differences(const std::string& instance, std::uint64_t image,
                                    std::uint64_t events) {
    LedgerPage page{};
    page.image = image;
    for (const LedgerBuffer& buffer : script_buffers(events))
        page.buffers[page.buffer_count++] = buffer;
    return buffer_differences(instance, page);
}

}  // namespace tidemark::test
