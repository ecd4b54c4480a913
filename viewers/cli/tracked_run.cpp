// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/tracked_run.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "viewers/cli/control_client.hpp"
#include "viewers/cli/failure.hpp"
#include "viewers/cli/launch.hpp"
#include "viewers/cli/preloadable.hpp"
#include "viewers/cli/private_collector.hpp"
#include "viewers/cli/programs.hpp"
#include "viewers/cli/signals.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

constexpr std::int64_t kReadyMs = 10000;
constexpr std::uint64_t kRestarts = 3;
constexpr std::int64_t kDeathMs = 200;         // in which one that was killed has ended
constexpr std::int64_t kQuietWaitMs = 500;     // a shorter wait needs no explanation
constexpr std::int64_t kAnswerGraceMs = 5000;  // beyond what the collector was told to wait

class Run {
public:
    Run(const RunPlan& plan, const Terminal& terminal)
        : plan_(plan), terminal_(terminal), collector_(signals_) {
        result_.command = plan.command;
    }

    RunResult go() {
        prepare();
        start_command();
        wait_for_command();
        if (tracking_) {
            collect();
        }
        return std::move(result_);
    }

private:
    void prepare();
    void start_command();
    void prepare_child() const;
    model::Collector::Counters counters() const;
    void tell_unknown(model::Collector::Counters& counters);
    void wait_for_command();
    void watch_collector();
    void collect();
    bool start_collector();
    std::optional<model::StatsSource> settled_source();
    std::string settle(const std::string& control_socket);
    ControlClient::Read read_patiently(ControlClient& client, std::string& line);
    void explain();
    void explain_nothing();
    void note(const std::string& text) { result_.notes.push_back(text); }

    const RunPlan& plan_;
    const Terminal& terminal_;
    RunSignals signals_;
    PrivateCollector collector_;
    RunResult result_;
    std::string preload_;
    bool tracking_ = false;
    model::Collector::Counters before_;  // the command
    pid_t command_ = -1;
    int status_ = 0;
    std::uint64_t begun_ns_ = 0;
};

void Run::prepare() {
    const Found tracker = find_malloc_tracker();
    if (tracker.path.empty()) {
        note("ran untracked: " + tracker.error);
        return;
    }
    if (tracker.path.find_first_of(" :") != std::string::npos) {
        note("ran untracked: LD_PRELOAD cannot name " + tracker.path +
             ", which has a blank or a colon in it");
        return;
    }
    if (!start_collector()) {
        note("ran untracked: no collector could be started: " + collector_.error());
        return;
    }
    before_ = counters();
    const char* before = std::getenv("LD_PRELOAD");
    preload_ =
        tracker.path + (before != nullptr && *before != '\0' ? ":" + std::string(before) : "");
    tracking_ = true;
}

// One that was killed before it was ready is followed by another.
bool Run::start_collector() {
    bool ready = collector_.start(kReadyMs);
    while (!ready && !collector_.running() && collector_.restarts() < kRestarts) {
        ready = collector_.launch_again() && collector_.wait_ready(kReadyMs);
    }
    return ready;
}

// Programs without a ring are counted for the user's other instances too, and refused rings may be of anybody: what
// counts here is how far they move.
model::Collector::Counters Run::counters() const {
    model::SourceOptions options;
    options.instance = collector_.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    const auto snapshot = source ? source->read() : model::Snapshot{};
    return snapshot.collector.counters.value_or(model::Collector::Counters{});
}

void Run::prepare_child() const {
    signals_.restore_for_child();
    if (tracking_) {
        ::setenv("LD_PRELOAD", preload_.c_str(), 1);
        ::setenv("TIDEMARK_ENABLED", "1", 1);
        ::setenv("TIDEMARK_INSTANCE", collector_.instance().c_str(), 1);
        if (plan_.stacks != 0) {
            ::setenv("TIDEMARK_STACKS", std::to_string(plan_.stacks).c_str(), 1);
        }
    }
}

void Run::start_command() {
    begun_ns_ = model::monotonic_now_ns();
    const Launched launched = launch(plan_.command, [this] { prepare_child(); });
    if (launched.error == 0) {
        command_ = launched.pid;
        return;
    }
    const std::string& name = plan_.command.front();
    if (launched.error == ENOENT) {
        throw Failure(kNotFound,
                      "cannot run " + name + ": not found; give a path or a name that is in PATH");
    }
    throw Failure(kNotExecutable, "cannot run " + name + ": " + std::strerror(launched.error) +
                                      "; is it an executable file?");
}

void Run::wait_for_command() {
    while (::waitpid(command_, &status_, WNOHANG) != command_) {
        pollfd poll_fd{signals_.fd(), POLLIN, 0};
        ::poll(&poll_fd, 1, -1);
        while (const int signal = signals_.take()) {
            if (signal == SIGCHLD) {
                watch_collector();
            } else {
                ::kill(command_, signal);
            }
        }
    }
    result_.wall_seconds = static_cast<double>(model::monotonic_now_ns() - begun_ns_) / 1e9;
    result_.exit_status = shell_status(status_);
    signals_.command_ended();
}

void Run::watch_collector() {
    if (!tracking_ || collector_.running()) {
        return;
    }
    note("the collector " + collector_.ending() + " while the command ran" +
         (collector_.restarts() < kRestarts ? "; another one went on from its accounts" : ""));
    if (collector_.restarts() < kRestarts) {
        collector_.launch_again();
    }
}

ControlClient::Read Run::read_patiently(ControlClient& client, std::string& line) {
    const auto quick = client.read_line(line, kQuietWaitMs, signals_.fd());
    if (quick != ControlClient::Read::kTimeout) {
        return quick;
    }
    if (terminal_.interactive()) {
        const std::string text = "tidemark: waiting up to " + std::to_string(plan_.wait_ms / 1000) +
                                 " s for processes that still run (Ctrl-C: don't wait)\n";
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    }
    return client.read_line(line, static_cast<std::int64_t>(plan_.wait_ms) + kAnswerGraceMs,
                            signals_.fd());
}

// Until everything is drained and no process of the command runs, or the time is up. Empty, or why it did not come to
// that.
std::string Run::settle(const std::string& control_socket) {
    std::string error;
    std::string line;
    auto client = ControlClient::connect(control_socket, error);
    if (!client || !client->send({{"command", "settle"}, {"timeout_ms", plan_.wait_ms}})) {
        return "the collector does not answer (" + error + ")";
    }
    auto got = read_patiently(*client, line);
    while (got == ControlClient::Read::kInterrupted) {
        const int signal = signals_.take();
        if (signal != SIGCHLD && signal != 0) {
            // Enough waiting: what is drained by now is what is reported.
            ask(control_socket, {{"command", "flush"}}, kAnswerGraceMs, error);
            return {};
        }
        got = read_patiently(*client, line);
    }
    const auto answer =
        got == ControlClient::Read::kLine ? parse_answer(line, error) : std::nullopt;
    if (answer) {
        return {};
    }
    return error.empty() ? "the collector did not answer" : error;
}

// The last figures. Should the collector be killed while it settles them, its successor does.
std::optional<model::StatsSource> Run::settled_source() {
    model::SourceOptions options;
    options.instance = collector_.instance();
    for (;;) {
        watch_collector();
        collector_.wait_ready(kReadyMs);
        model::StatsSource::Error error;
        auto source = model::StatsSource::open(options, error);
        const std::string why =
            source ? settle(std::string(source->reader().control_socket())) : error.text;
        if (why.empty()) {
            return source;
        }
        if (!collector_.wait_end(kDeathMs) || collector_.restarts() >= kRestarts) {
            note((source ? "the figures may not be the last ones: " : "no figures: ") + why);
            return source;
        }
    }
}

// Without an image there are no figures: because there was nothing to track, or because it could not be.
void Run::explain_nothing() {
    const auto& counters = result_.snapshot->collector.counters;
    if (counters && (counters->untracked_images != 0 || counters->rings_refused != 0)) {
        note("nothing was tracked");
        return;
    }
    switch (preloadable(plan_.command.front())) {
        case Preloadable::kYes:
            result_.tracked = true;
            note("no allocation was made");
            break;
        case Preloadable::kStatic:
            note(
                "nothing was tracked: the command is statically linked, so nothing can be "
                "preloaded");
            break;
        case Preloadable::kPrivileged:
            note("nothing was tracked: the command is setuid or setgid, so nothing is preloaded");
            break;
        case Preloadable::kUnknown:
            note("nothing was tracked: the command cannot be preloaded, or clears its environment");
            break;
    }
}

void Run::explain() {
    result_.tracked = !result_.snapshot->processes.empty();
    if (!result_.tracked) {
        explain_nothing();
        return;
    }
    std::uint64_t running = 0;
    for (const model::Process& process : result_.snapshot->processes) {
        running += process.exited ? 0 : 1;
    }
    if (running != 0) {
        note(std::to_string(running) +
             (running == 1 ? " program still runs" : " programs still run") +
             "; its figures are those of now (--wait SECONDS waits longer)");
    }
}

// What ran and is in no figure.
void Run::tell_unknown(model::Collector::Counters& counters) {
    counters.untracked_images -= std::min(counters.untracked_images, before_.untracked_images);
    counters.rings_refused -= std::min(counters.rings_refused, before_.rings_refused);
    if (counters.untracked_images != 0) {
        note(std::to_string(counters.untracked_images) +
             " programs of this user ran untracked meanwhile: no ring could be had (`tidemark "
             "doctor` looks why)");
    }
    for (const StatusLine& line : unknown_lines(*result_.snapshot, Figures(true, true))) {
        note(line.text);
    }
}

void Run::collect() {
    auto source = settled_source();
    if (!source) {
        return;
    }
    const std::string control_socket(source->reader().control_socket());
    result_.snapshot = source->read();
    if (auto& counters = result_.snapshot->collector.counters) {
        tell_unknown(*counters);
    }
    result_.leaks = model::read_buffers(*result_.snapshot, model::Which::kExited, {});
    model::order(result_.leaks, model::BufferOrder::kSize, 0);
    for (const std::string& reason : result_.leaks.inexact) {
        note("what was left is not listed one by one: " + reason);
    }
    explain();
    collector_.stop(control_socket);
}

}  // namespace

RunResult tracked_run(const RunPlan& plan, const Terminal& terminal) {
    return Run(plan, terminal).go();
}

}  // namespace tidemark::cli
