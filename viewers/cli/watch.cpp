// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

// The upper part of `text` that fits, each line cleared to its end, so that nothing of the last frame shines through.
std::string in_place(const std::string& text, const Terminal& terminal, std::size_t rows) {
    std::string frame = terminal.home();
    std::size_t begin = 0;
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    const std::size_t shown = lines < rows ? lines : rows - 2;
    for (std::size_t i = 0; i < shown; ++i) {
        const std::size_t end = text.find('\n', begin);
        frame += text.substr(begin, end - begin) + terminal.clear_line() + '\n';
        begin = end + 1;
    }
    if (shown < lines) {
        frame += terminal.paint(Style::kDim, std::to_string(lines - shown) +
                                                 " more lines; a taller window shows them") +
                 terminal.clear_line() + '\n';
    }
    return frame + terminal.clear_below();
}

// Gives the terminal back also when rendering fails.
class Screen {
public:
    Screen(Output& output, const Terminal& terminal) : output_(output), terminal_(terminal) {
        output_.write(terminal_.enter());
    }
    ~Screen() {
        const std::string& leave = terminal_.leave();
        // Nobody is left to tell if this fails.
        [[maybe_unused]] const ssize_t written = ::write(output_.fd(), leave.data(), leave.size());
    }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

private:
    Output& output_;
    const Terminal& terminal_;
};

void watch_in_place(const Options& options, Output& output, const Terminal& terminal,
                    const Render& render) {
    std::string last;
    {
        Interrupts interrupts;
        Screen screen(output, terminal);
        for (std::uint64_t shown = 0; !options.count || shown < *options.count; ++shown) {
            const Size size = terminal.size();
            last = render(size);
            output.write(in_place(last, terminal, size.rows));
            const bool final = options.count && shown + 1 == *options.count;
            if (!final && interrupts.wait(options.refresh_ms)) {
                break;
            }
        }
    }
    // What was last seen stays on the ordinary screen.
    output.write(last);
}

}  // namespace

Interrupts::Interrupts() {
    const sigset_t set = ending_signals();
    sigprocmask(SIG_BLOCK, &set, nullptr);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Interrupts::~Interrupts() {
    ::close(fd_);
    const sigset_t set = ending_signals();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

bool Interrupts::wait(std::uint64_t milliseconds) {
    pollfd poll_fd{fd_, POLLIN, 0};
    const timespec time{static_cast<time_t>(milliseconds / 1000),
                        static_cast<long>(milliseconds % 1000 * 1'000'000)};
    signalfd_siginfo info{};
    return ppoll(&poll_fd, 1, &time, nullptr) > 0 && ::read(fd_, &info, sizeof info) == sizeof info;
}

void show(const Options& options, Output& output, const Terminal& terminal,
          const Repetition& repetition, const Render& render) {
    if (!options.watching) {
        output.write(render(terminal.size()));
        return;
    }
    if (repetition.redraw == Redraw::kInPlace && terminal.can_redraw()) {
        watch_in_place(options, output, terminal, render);
        return;
    }
    Interrupts interrupts;
    for (std::uint64_t shown = 0; !options.count || shown < *options.count; ++shown) {
        if (shown > 0 && interrupts.wait(options.refresh_ms)) {
            return;
        }
        output.write((shown > 0 ? repetition.separator : "") + render(terminal.size()));
    }
}

}  // namespace tidemark::cli
