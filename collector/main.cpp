// SPDX-License-Identifier: Apache-2.0
//
// tidemarkd: what was asked, and the process around it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "collector/background.hpp"
#include "collector/commands.hpp"
#include "collector/log.hpp"
#include "collector/options.hpp"
#include "collector/service.hpp"
#include "collector/signals.hpp"
#include "collector/untracked.hpp"

namespace tidemark::collector {
namespace {

// A process started with a standard stream closed would give its number to a socket, and messages would go there.
void fill_standard_streams() {
    for (int descriptor = open("/dev/null", O_RDWR); descriptor >= 0;
         descriptor = dup(descriptor)) {
        if (descriptor <= STDERR_FILENO) continue;
        close(descriptor);
        return;
    }
}

LogLevel log_level(const Options& options) {
    // A private instance shares its terminal with the program that is watched.
    const int base = static_cast<int>(options.configuration.private_instance ? LogLevel::kWarning
                                                                             : LogLevel::kNotice);
    const int level = base + options.verbosity;
    const int lowest = static_cast<int>(LogLevel::kError);
    const int highest = static_cast<int>(LogLevel::kDebug);
    return static_cast<LogLevel>(level < lowest ? lowest : level > highest ? highest : level);
}

int serve(const Options& options) {
    int report_descriptor = -1;
    if (options.action == Options::Action::kBackground) {
        const BackgroundStart start = start_in_background(options.ready_descriptor);
        if (!start.is_daemon) return start.exit_status;
        report_descriptor = start.report_descriptor;
        log_configure(LogTarget::kSystemLog, log_level(options));
    } else {
        log_configure(LogTarget::kStandardError, log_level(options));
    }
    // Out of the terminal's group: Ctrl-C is for the watched program, and its figures are wanted after that.
    // A session of its own also gets a processor share of its own where the kernel divides by sessions.
    if (options.configuration.private_instance && setsid() < 0) setpgid(0, 0);
    // Producers wait at most 100 ms for space: a busy machine must not keep the drain from running that long. Where it
    // isn't allowed, nothing is changed.
    (void)setpriority(PRIO_PROCESS, 0, -10);
    umask(077);
    prepare_signals();
    raise_descriptor_limit();
    StartReport report(options.ready_descriptor, report_descriptor);
    return Service(options).run(report);
}

int run(int argc, char** argv) {
    fill_standard_streams();
    const ParsedOptions parsed = parse_options(argc, argv);
    std::fputs(parsed.output.c_str(), stdout);
    std::fputs(parsed.error.c_str(), stderr);
    if (!parsed.go_on) return parsed.status;
    const std::string& instance = parsed.options.configuration.instance;
    switch (parsed.options.action) {
        case Options::Action::kStatus:
            return show_status(instance);
        case Options::Action::kStop:
            return stop_running(instance);
        default:
            return serve(parsed.options);
    }
}

}  // namespace
}  // namespace tidemark::collector

int main(int argc, char** argv) {
    try {
        tidemark::collector::shed_tracker(argv);
        return tidemark::collector::run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "tidemarkd: cannot go on: %s\n", failure.what());
        return 3;
    }
}
