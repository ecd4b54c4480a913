// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <vector>

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

// The end of what is shown says whether it can be trusted, so that stays in sight when a window is too low.
constexpr std::size_t kEndLines = 6;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

// What fits into `rows`, the last of which stays empty: all, or the beginning and the end.
std::vector<std::string> fitted(std::vector<std::string> lines, std::size_t rows,
                                const Terminal& terminal) {
    const std::size_t room = rows > 2 ? rows - 1 : 1;
    if (lines.size() <= room) {
        return lines;
    }
    const std::size_t end = std::min(kEndLines, room / 2);
    const std::size_t begin = room - end - 1;
    const std::size_t hidden = lines.size() - begin - end;
    std::vector<std::string> shown(lines.begin(),
                                   lines.begin() + static_cast<std::ptrdiff_t>(begin));
    shown.push_back(terminal.paint(
        Style::kDim, std::to_string(hidden) + " more lines; a taller window shows them"));
    shown.insert(shown.end(), lines.end() - static_cast<std::ptrdiff_t>(end), lines.end());
    return shown;
}

// Each line is cleared to its end, so that nothing of the last frame shines through.
std::string in_place(const std::string& text, const Terminal& terminal, std::size_t rows) {
    std::string frame = terminal.home();
    for (const std::string& line : fitted(lines_of(text), rows, terminal)) {
        frame += line + terminal.clear_line() + '\n';
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

bool watch_in_place(const Options& options, Output& output, const Terminal& terminal,
                    const Render& render) {
    std::string last;
    bool ended = false;
    {
        Interrupts interrupts;
        Screen screen(output, terminal);
        for (std::uint64_t shown = 0; !options.count || shown < *options.count; ++shown) {
            const Size size = terminal.size();
            last = render(size);
            output.write(in_place(last, terminal, size.rows));
            const bool final = options.count && shown + 1 == *options.count;
            ended = !final && interrupts.wait(options.refresh_ms);
            if (ended) {
                break;
            }
        }
    }
    // What was last seen stays on the ordinary screen.
    output.write(last);
    return ended;
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

bool show(const Options& options, Output& output, const Terminal& terminal,
          const Repetition& repetition, const Render& render) {
    if (!options.watching) {
        output.write(render(terminal.size()));
        return false;
    }
    if (repetition.redraw == Redraw::kInPlace && terminal.can_redraw()) {
        return watch_in_place(options, output, terminal, render);
    }
    Interrupts interrupts;
    for (std::uint64_t shown = 0; !options.count || shown < *options.count; ++shown) {
        if (shown > 0 && interrupts.wait(options.refresh_ms)) {
            return true;
        }
        output.write((shown > 0 ? repetition.separator : "") + render(terminal.size()));
    }
    return false;
}

}  // namespace tidemark::cli
