// SPDX-License-Identifier: Apache-2.0
#include "collector/flags.hpp"

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

namespace tidemark::collector {
namespace {

constexpr char kSummary[] =
    "The Tidemark collector: drains the rings of tracked programs and publishes what they hold.";
constexpr char kExamples[] =
    "\nConfiguration: /etc/tidemark/tidemark.json, $XDG_CONFIG_HOME/tidemark/tidemark.json\n\n"
    "Examples:\n"
    "  tidemarkd --background            start; nothing happens if one runs already\n"
    "  tidemarkd --status                0: runs, 3: does not\n"
    "  tidemarkd --legacy-socket -v      in place of allocation_server_poc, with its log\n"
    "  tidemarkd --instance lab --config /etc/tidemark/lab.json --leak-log /var/log/leaks.json\n";

void declare(CLI::App& app, Flags& flags) {
    const auto text = [&app](const char* name, std::optional<std::string>& value, const char* help,
                             const char* type) {
        app.add_option(name, value, help)->type_name(type);
    };
    const auto socket = [&app](const char* name, std::optional<std::string>& path,
                               const char* help) {
        // The path only behind `=`: a word that follows is not one.
        app.add_option_function<std::vector<std::string>>(
               name,
               [&path](const std::vector<std::string>& given) {
                   path = given.empty() ? std::string() : given.front();
               },
               help)
            ->expected(0, 1)
            ->type_name("[=PATH]");
    };
    text("--instance", flags.instance, "Name of this collector", "NAME");
    text("--config", flags.config, "Configuration file (JSON)", "FILE");
    app.add_flag("--background", flags.background, "Return once it is ready, and run on");
    app.add_flag("--foreground", flags.foreground, "Stay (the default)");
    app.add_flag("--status", flags.status, "Say whether it runs: 0 yes, 3 no");
    app.add_flag("--stop", flags.stop, "End it in order; 3 if none runs");
    text("--mode", flags.mode, "Mode of the stats segment, 0644", "OCTAL");
    text("--group", flags.group, "Group of the stats segment", "NAME");
    app.add_flag("--private", flags.is_private,
                 "Take only programs that name it, end with its parent, leave nothing");
    text("--ready-fd", flags.ready_fd, "Write \"ready\" there once it is", "N");
    text("--event-log", flags.event_log, "Append every event to it, as NDJSON", "FILE");
    text("--leak-log", flags.leak_log, "Append to it what programs leave, as NDJSON", "FILE");
    text("--exited-grace", flags.exited_grace, "How long ended programs stay: 60, or \"forever\"",
         "SECONDS");
    socket("--legacy-socket", flags.legacy_socket, "Serve clients of tt-metal's allocation server");
    text("--legacy-grace", flags.legacy_grace, "How long its answers keep what the dead left: 5",
         "SECONDS");
    socket("--tracy-socket", flags.tracy_socket, "Serve clients of the Tracy memory monitor");
    app.add_flag("--export-tt-shm", flags.export_tt_shm,
                 "Write what is published as tt-metal's shared regions too");
    text("--tt-shm-root", flags.tt_shm_root, "Where those regions are, for tests: /dev/shm", "DIR");
    app.add_flag("-q", flags.quiet, "Say less; twice: errors only");
    app.add_flag("-v", flags.verbose, "Say more; twice: everything");
}

// CLI11 can exclude flags too, but its help then lists every pair.
std::string contradiction(const Flags& flags) {
    if (flags.foreground && flags.is_private) return {};
    const std::pair<bool, const char*> actions[] = {{flags.foreground, "--foreground"},
                                                    {flags.background, "--background"},
                                                    {flags.status, "--status"},
                                                    {flags.stop, "--stop"},
                                                    {flags.is_private, "--private"}};
    std::string first;
    for (const auto& [given, name] : actions) {
        if (!given) continue;
        if (!first.empty()) return first + " and " + name + " exclude each other";
        first = name;
    }
    return {};
}

}  // namespace

TypedFlags read_flags(int argc, const char* const* argv) {
    CLI::App app(kSummary, "tidemarkd");
    app.set_version_flag("--version", "tidemarkd " TIDEMARK_PROJECT_VERSION);
    TypedFlags typed;
    declare(app, typed.flags);
    try {
        app.parse(argc, argv);
        typed.error = contradiction(typed.flags);
    } catch (const CLI::CallForHelp&) {
        typed.output = app.help() + kExamples;
    } catch (const CLI::CallForVersion& version) {
        typed.output = std::string(version.what()) + "\n";
    } catch (const CLI::ParseError& problem) {
        typed.error = problem.what();
    }
    return typed;
}

}  // namespace tidemark::collector
