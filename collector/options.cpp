// SPDX-License-Identifier: Apache-2.0
#include "collector/options.hpp"

#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "collector/flags.hpp"
#include "collector/instance.hpp"
#include "collector/quantity.hpp"

namespace tidemark::collector {
namespace {

struct Refusal {
    std::string text;
};

std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

// The file that is read when none is named; empty: there is none.
std::string default_configuration() {
    std::string own;
    const char* base = std::getenv("XDG_CONFIG_HOME");
    const char* home = std::getenv("HOME");
    if (base != nullptr && base[0] == '/') {
        own = base;
    } else if (home != nullptr && home[0] == '/') {
        own = std::string(home) + "/.config";
    }
    std::string candidates[] = {
        own.empty() || geteuid() == 0 ? "" : own + "/tidemark/tidemark.json",
        "/etc/tidemark/tidemark.json"};
    for (const std::string& path : candidates) {
        std::error_code ignored;
        if (!path.empty() && std::filesystem::exists(path, ignored)) return path;
    }
    return {};
}

void read_file(const Flags& flags, Configuration& configuration) {
    const std::string path = flags.config ? absolute(*flags.config) : default_configuration();
    std::string error;
    if (!path.empty() && !read_configuration(path, configuration, error)) throw Refusal{error};
    if (!flags.is_private || flags.config) return;
    // What the machine's file says of devices and limits holds for a private instance too; the rest is not its own.
    configuration.instance.clear();
    configuration.event_log.clear();
    configuration.leak_log.clear();
    configuration.stats_group.clear();
    configuration.stats_mode = Configuration{}.stats_mode;
}

const char* instance_of_environment() {
    const char* name = std::getenv("TIDEMARK_INSTANCE");
    return name != nullptr && name[0] != '\0' ? name : nullptr;
}

void choose_instance(const Flags& flags, Configuration& configuration) {
    const char* environment = instance_of_environment();
    const char* source = "";
    if (flags.instance) {
        configuration.instance = *flags.instance;
        source = "--instance: ";
    } else if (flags.is_private) {
        throw Refusal{
            "--private needs --instance NAME: the name that the tracked programs get as "
            "TIDEMARK_INSTANCE"};
    } else if (environment != nullptr) {
        configuration.instance = environment;
        source = "TIDEMARK_INSTANCE: ";
    } else if (configuration.instance.empty()) {
        configuration.instance = default_instance(geteuid());
    }
    std::string error;
    if (!valid_instance(configuration.instance, error)) throw Refusal{source + error};
}

template <typename Value>
Value understood(std::string_view flag, const std::string& text, std::optional<Value> value,
                 std::string_view wanted) {
    if (!value) throw Refusal{std::string(flag) + ": '" + text + "' is not " + std::string(wanted)};
    return *value;
}

// The paths that the older clients have built in.
constexpr char kLegacySocket[] = "/tmp/tt_allocation_server.sock";
constexpr char kTracySocket[] = "/tmp/tracy_memory_monitor.sock";

void apply_socket_flags(const Flags& flags, Configuration& configuration) {
    const auto path = [](const std::string& given, const char* usual) {
        return given.empty() ? std::string(usual) : absolute(given);
    };
    if (flags.legacy_socket)
        configuration.legacy_socket = path(*flags.legacy_socket, kLegacySocket);
    if (flags.tracy_socket) configuration.tracy_socket = path(*flags.tracy_socket, kTracySocket);
    if (flags.tt_shm_root) configuration.tt_shm_directory = absolute(*flags.tt_shm_root);
    configuration.exports_tt_shm = flags.export_tt_shm;
    if (!flags.legacy_grace) return;
    configuration.legacy_grace_ns =
        understood("--legacy-grace", *flags.legacy_grace, parse_grace(*flags.legacy_grace),
                   "a number of seconds up to ten years, or \"forever\"");
}

void apply_flags(const Flags& flags, Configuration& configuration) {
    configuration.private_instance = flags.is_private;
    if (flags.mode) {
        configuration.stats_mode =
            understood("--mode", *flags.mode, parse_mode(*flags.mode),
                       "0600, 0640, 0604 or 0644: nobody but the collector may write");
    }
    if (flags.exited_grace) {
        configuration.limits.exited_grace_ns =
            understood("--exited-grace", *flags.exited_grace, parse_grace(*flags.exited_grace),
                       "a number of seconds up to ten years, or \"forever\"");
    } else if (flags.is_private) {
        configuration.limits.exited_grace_ns = *parse_grace("forever");
    }
    apply_socket_flags(flags, configuration);
    if (flags.group) configuration.stats_group = *flags.group;
    if (flags.event_log) configuration.event_log = absolute(*flags.event_log);
    if (flags.leak_log) configuration.leak_log = absolute(*flags.leak_log);
    const std::string& group = configuration.stats_group;
    if (!group.empty() && getgrnam(group.c_str()) == nullptr) {
        throw Refusal{"there is no group '" + group +
                      "' for the stats segment; getent group lists those there are"};
    }
}

int ready_descriptor(const Flags& flags) {
    if (!flags.ready_fd) return -1;
    const auto number = parse_number(*flags.ready_fd);
    if (!number || *number > 1'000'000 || fcntl(static_cast<int>(*number), F_GETFD) < 0) {
        throw Refusal{"--ready-fd: '" + *flags.ready_fd + "' is not an open descriptor"};
    }
    return static_cast<int>(*number);
}

Options resolve(const Flags& flags) {
    Options options;
    using Action = Options::Action;
    options.action = flags.background ? Action::kBackground
                     : flags.status   ? Action::kStatus
                     : flags.stop     ? Action::kStop
                                      : Action::kForeground;
    options.verbosity = flags.verbose - flags.quiet;
    // A collector can be ended although its file was broken meanwhile, if its name is known without.
    const bool named = flags.instance || instance_of_environment() != nullptr;
    if (!named || !(flags.status || flags.stop)) read_file(flags, options.configuration);
    choose_instance(flags, options.configuration);
    apply_flags(flags, options.configuration);
    options.ready_descriptor = ready_descriptor(flags);
    return options;
}

ParsedOptions refused(const std::string& text) {
    return {{}, false, 2, {}, "tidemarkd: " + text + " (tidemarkd --help shows what there is)\n"};
}

// The older servers' names are links to this program; who types one gets what it did.
bool take_older_name(std::string_view path, Flags& flags) {
    const std::string_view name = path.substr(path.find_last_of('/') + 1);
    if (name == "allocation_server_poc" && !flags.legacy_socket) flags.legacy_socket.emplace();
    if (name == "tracy_memory_server" && !flags.tracy_socket) flags.tracy_socket.emplace();
    return name == "allocation_server_poc";
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
    TypedFlags typed = read_flags(argc, argv);
    const bool is_older = argc > 0 && take_older_name(argv[0], typed.flags);
    if (!typed.error.empty()) return refused(typed.error);
    if (!typed.output.empty()) return {{}, false, 0, typed.output, {}};
    try {
        ParsedOptions parsed{resolve(typed.flags), true, 0, {}, {}};
        parsed.options.shows_clients = parsed.options.verbosity >= (is_older ? 0 : 1);
        return parsed;
    } catch (const Refusal& refusal) {
        return refused(refusal.text);
    }
}

}  // namespace tidemark::collector
