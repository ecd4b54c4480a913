// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/loop.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "viewers/tui/curses.hpp"
#include "viewers/tui/process_signal.hpp"
#include "viewers/tui/render.hpp"

namespace tidemark::tui {
namespace {

sigset_t watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH}) {
        sigaddset(&set, signal);
    }
    return set;
}

// Takes the signals one by one while it lives, so that none meets a half-drawn screen.
class Signals {
public:
    Signals() {
        const sigset_t set = watched_signals();
        sigprocmask(SIG_BLOCK, &set, &before_);
        fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    ~Signals() {
        ::close(fd_);
        sigprocmask(SIG_SETMASK, &before_, nullptr);
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    int fd() const { return fd_; }
    int take() {
        signalfd_siginfo info{};
        return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                              : 0;
    }

private:
    sigset_t before_{};
    int fd_ = -1;
};

// Stops this process as SIGTSTP does by itself; returns when it goes on.
void stop_here() {
    struct sigaction by_default {};
    struct sigaction before {};
    by_default.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &by_default, &before);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &only, nullptr);  // stops here
    sigprocmask(SIG_BLOCK, &only, nullptr);
    sigaction(SIGTSTP, &before, nullptr);
}

class Top {
public:
    Top(const TopOptions& options, Curses& curses)
        : options_(options), curses_(curses), feed_(options.feed) {
        state_.ascii = options.ascii;
        state_.readonly = options.readonly;
        state_.interval_ms = options.interval_ms;
        state_.size = curses.measure();
        state_.settings = read_settings(settings_path(), state_.message);
    }

    void run() {
        Signals signals;
        for (std::uint64_t frames = 0; !ended_;) {
            look_if_due();
            if (changed_) {
                curses_.draw(render(world_, state_));
                changed_ = false;
            }
            if (options_.count && looked_ && ++frames >= *options_.count) return;
            looked_ = false;
            wait(signals);
        }
    }

private:
    void look_if_due() {
        const std::uint64_t now = model::monotonic_now_ns();
        if (now < due_ns_) return;
        due_ns_ = now + state_.interval_ms * 1'000'000;
        looked_ = true;
        if (state_.paused) return;
        const std::uint64_t before = world_.snapshot.time_unix_ns / 1'000'000'000;
        const bool news = feed_.look(world_, state_);
        // The clock in the corner and the collector's age move once a second.
        changed_ = changed_ || news || world_.snapshot.time_unix_ns / 1'000'000'000 != before;
    }

    void wait(Signals& signals) {
        pollfd fds[] = {
            {STDIN_FILENO, POLLIN, 0}, {signals.fd(), POLLIN, 0}, {feed_.news(), POLLIN, 0}};
        const std::uint64_t now = model::monotonic_now_ns();
        const std::uint64_t left = due_ns_ > now ? due_ns_ - now : 0;
        const timespec time{static_cast<time_t>(left / 1'000'000'000),
                            static_cast<long>(left % 1'000'000'000)};
        if (ppoll(fds, 3, &time, nullptr) <= 0) return;
        if (fds[2].revents != 0) changed_ = feed_.take_buffers(world_) || changed_;
        while (const int signal = signals.take())
            take(signal);
        if ((fds[0].revents & POLLIN) != 0) {
            bool any = false;
            for (auto key = curses_.key(); key && !ended_; key = curses_.key()) {
                any = true;
                press(*key);
            }
            ended_ = ended_ || (!any && (fds[0].revents & POLLHUP) != 0);
        } else if ((fds[0].revents & (POLLHUP | POLLERR)) != 0) {
            ended_ = true;  // the terminal is gone
        }
    }

    void take(int signal) {
        if (signal == SIGTSTP) {
            curses_.suspend();
            stop_here();
        }
        if (signal == SIGTSTP || signal == SIGCONT) curses_.resume();
        if (signal == SIGTSTP || signal == SIGCONT || signal == SIGWINCH) {
            state_.size = curses_.measure();
            changed_ = true;
            return;
        }
        ended_ = true;
    }

    void press(char32_t key) {
        changed_ = true;
        switch (update(state_, key, world_)) {
            case Effect::kNone:
                return;
            case Effect::kQuit:
                ended_ = true;
                return;
            case Effect::kSave:
                if (const std::string why = write_settings(settings_path(), state_.settings);
                    !why.empty())
                    state_.message = why;
                return;
            case Effect::kSignal: {
                const Target& target = state_.target;
                const std::string why = send_signal(target.pid, target.start_ticks, target.signal);
                state_.message = why.empty() ? "sent to pid " + std::to_string(target.pid) : why;
                return;
            }
            case Effect::kOpen:
                feed_.open();
                due_ns_ = 0;
                return;
            case Effect::kRead:
                due_ns_ = 0;
                return;
        }
    }

    const TopOptions& options_;
    Curses& curses_;
    Feed feed_;
    World world_;
    State state_;
    std::uint64_t due_ns_ = 0;
    bool changed_ = true;
    bool looked_ = false;
    bool ended_ = false;
};

}  // namespace

std::string run_top(const TopOptions& options) {
    std::string error;
    const auto curses = Curses::open(options.colour, error);
    if (curses == nullptr) return error;
    Top(options, *curses).run();
    return {};
}

}  // namespace tidemark::tui
