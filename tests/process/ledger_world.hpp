// SPDX-License-Identifier: Apache-2.0
//
// A generator under way, driven by the test that started it.
#pragma once

#include <string>

#include "tests/process/collector_process.hpp"
#include "tests/process/ledger_compare.hpp"

namespace tidemark::test {

class Generator {
public:
    // events: of one thread and round, 0 for endless. See ledger_generator.cpp.
    Generator(const OwnInstance& instance, int threads, int slots, int events, int children,
              const Variables& more = {}) {
        Variables variables = instance.tracked({{"TIDEMARK_RING_BUDGET", "64M"}});
        for (const auto& [name, value] : more)
            variables[name] = value;
        pid_ = start(
            {built("ledger_generator"), std::to_string(page.descriptor()), std::to_string(threads),
             std::to_string(slots), std::to_string(events), std::to_string(children)},
            variables);
    }
    ~Generator() {
        if (pid_ > 0) kill(pid_, SIGKILL);
        end();
    }
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    pid_t pid() const { return pid_; }
    void run() {
        tell(page->command, std::uint32_t{kLedgerRun});
        tell(page->paused, 0u);
    }
    bool is_paused() const { return seen(page->paused) == 1; }
    bool pause() {
        tell(page->command, std::uint32_t{kLedgerPause});
        return comes_true([this] { return is_paused(); });
    }
    // With what is live. Its wait status.
    int end() {
        tell(page->command, std::uint32_t{kLedgerEnd});
        const int status = pid_ > 0 ? wait_until_ended(pid_) : 0;
        pid_ = -1;
        return status;
    }

    LedgerMemory page;

private:
    pid_t pid_ = -1;
};

// Waits until what is published is what the ledger says; the differences that stay, if it never does.
inline std::string settled(const std::string& instance, const LedgerPage& page,
                           tidemark_process_state state = TIDEMARK_PROCESS_RUNNING) {
    std::string text;
    comes_true([&] { return (text = differences(instance, page, state)).empty(); });
    return text;
}

}  // namespace tidemark::test
