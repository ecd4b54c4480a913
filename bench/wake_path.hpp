// SPDX-License-Identifier: Apache-2.0
//
// What bounds every way to a receiver that sleeps: a process that waits on a futex, is woken and counts, and does
// nothing else. As path.hpp's ways.
#pragma once

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <new>

#include "bench/harness.hpp"
#include "bench/path.hpp"

namespace tidemark::bench {

class WakePath {
public:
    static std::shared_ptr<const WakePath> make() { return std::make_shared<const WakePath>(); }
    WakePath() {
        void* const shared =
            mmap(nullptr, sizeof(Words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) throw std::bad_alloc();
        words_ = static_cast<Words*>(shared);
        child_ = fork();
        if (child_ == 0) answer();
        keep_off_first(child_);
    }
    ~WakePath() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        munmap(words_, sizeof(Words));
    }
    WakePath(const WakePath&) = delete;
    WakePath& operator=(const WakePath&) = delete;

    void append(Who who, std::uint64_t) const {
        if (who != Who::kOwn) return;
        __atomic_fetch_add(&words_->told, 1u, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, &words_->told, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    }
    std::uint64_t readable() const { return __atomic_load_n(&words_->heard, __ATOMIC_ACQUIRE); }

private:
    struct Words {
        std::uint32_t told;
        alignas(64) std::uint32_t heard;
    };

    [[noreturn]] void answer() {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            const std::uint32_t told = __atomic_load_n(&words_->told, __ATOMIC_SEQ_CST);
            __atomic_store_n(&words_->heard, told, __ATOMIC_RELEASE);
            syscall(SYS_futex, &words_->told, FUTEX_WAIT, told, nullptr, nullptr, 0);
        }
    }

    Words* words_ = nullptr;
    pid_t child_ = -1;
};

}  // namespace tidemark::bench
