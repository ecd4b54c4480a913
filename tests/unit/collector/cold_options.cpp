// SPDX-License-Identifier: Apache-2.0
//
// The command line: flags win over environment over file; what is not understood exits with 2 and says why.
#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "collector/instance.hpp"
#include "collector/options.hpp"
#include "collector/sink_record.hpp"
#include "collector/untracked.hpp"

namespace tidemark::collector {
namespace {

ParsedOptions parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "tidemarkd");
    return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

void check_refused(const std::vector<const char*>& arguments, const std::string& part) {
    const ParsedOptions parsed = parse(arguments);
    INFO(parsed.error);
    CHECK_FALSE(parsed.go_on);
    CHECK(parsed.status == 2);
    CHECK(parsed.output.empty());
    CHECK(parsed.error.find(part) != std::string::npos);
    CHECK(parsed.error.find('\n') == parsed.error.size() - 1);
}

// A place without anybody's configuration.
struct CleanPlace {
    std::string directory = "/tmp/tidemark-options-" + std::to_string(getpid());
    CleanPlace() {
        std::filesystem::create_directories(directory);
        setenv("XDG_CONFIG_HOME", directory.c_str(), 1);
        unsetenv("TIDEMARK_INSTANCE");
    }
    ~CleanPlace() { std::filesystem::remove_all(directory); }
    std::string file(const std::string& text) const {
        std::ofstream(directory + "/c.json") << text;
        return directory + "/c.json";
    }
};

TEST_CASE("unknown flags, missing values and what excludes each other") {
    const CleanPlace place;
    check_refused({"--legacy-sockets"}, "--legacy-sockets");
    check_refused({"--instances", "a"}, "--instances");
    check_refused({"surplus"}, "surplus");
    check_refused({"--instance"}, "--instance");
    check_refused({"--status", "--stop"}, "exclude each other");
    check_refused({"--background", "--foreground"}, "exclude each other");
    check_refused({"--background", "--private", "--instance", "a"}, "exclude each other");
    check_refused({"--private"}, "--private needs --instance");
}

TEST_CASE("the older sockets are served where their clients look, or where they are told to") {
    const CleanPlace place;
    CHECK(parse({}).options.configuration.legacy_socket.empty());
    const Options usual = parse({"--legacy-socket", "--tracy-socket", "-v"}).options;
    CHECK(usual.configuration.legacy_socket == "/tmp/tt_allocation_server.sock");
    CHECK(usual.configuration.tracy_socket == "/tmp/tracy_memory_monitor.sock");
    CHECK(usual.configuration.legacy_grace_ns == 5'000'000'000);
    CHECK(usual.shows_clients);
    const Options other = parse({"--legacy-socket=/run/a.sock", "--legacy-grace=0.5"}).options;
    CHECK(other.configuration.legacy_socket == "/run/a.sock");
    CHECK(other.configuration.tracy_socket.empty());
    CHECK(other.configuration.legacy_grace_ns == 500'000'000);
    CHECK_FALSE(other.shows_clients);
}

TEST_CASE("under an older server's name it serves what that one served") {
    const CleanPlace place;
    const char* verbose[] = {"/usr/local/bin/allocation_server_poc"};
    const Options named = parse_options(1, verbose).options;
    CHECK(named.configuration.legacy_socket == "/tmp/tt_allocation_server.sock");
    CHECK(named.shows_clients);
    const char* quiet[] = {"allocation_server_poc", "-q", "--legacy-socket=/run/b.sock"};
    const Options moved = parse_options(3, quiet).options;
    CHECK(moved.configuration.legacy_socket == "/run/b.sock");
    CHECK_FALSE(moved.shows_clients);
    const char* tracy[] = {"tracy_memory_server"};
    const Options monitor = parse_options(1, tracy).options;
    CHECK(monitor.configuration.tracy_socket == "/tmp/tracy_memory_monitor.sock");
    CHECK(monitor.configuration.legacy_socket.empty());
}

TEST_CASE("bad values are refused with the flag's name") {
    const CleanPlace place;
    check_refused({"--mode", "0755"}, "--mode: '0755'");
    check_refused({"--exited-grace", "soon"}, "--exited-grace: 'soon'");
    check_refused({"--legacy-grace", "long"}, "--legacy-grace: 'long'");
    check_refused({"--group", "no such group"}, "'no such group'");
    check_refused({"--instance", "a/b"}, "--instance: ");
    check_refused({"--instance", "tmp.x"}, "collide");
    check_refused({"--ready-fd", "999"}, "--ready-fd: '999'");
    check_refused({"--ready-fd", "-1"}, "--ready-fd");
    check_refused({"--config", "/nonexistent.json"}, "/nonexistent.json");
}

TEST_CASE("flags win over the environment, that over the file, that over the default") {
    const CleanPlace place;
    const std::string file =
        place.file(R"({"instance":"of-file","limits":{"exited_grace":5},"stats":{"mode":"0600"}})");
    CHECK(parse({}).options.configuration.instance == default_instance(geteuid()));
    ParsedOptions parsed = parse({"--config", file.c_str()});
    CHECK(parsed.go_on);
    CHECK(parsed.options.configuration.instance == "of-file");
    CHECK(parsed.options.configuration.limits.exited_grace_ns == 5'000'000'000);
    CHECK(parsed.options.configuration.stats_mode == 0600);
    setenv("TIDEMARK_INSTANCE", "of-environment", 1);
    CHECK(parse({"--config", file.c_str()}).options.configuration.instance == "of-environment");
    parsed = parse({"--config", file.c_str(), "--instance", "of-flag", "--exited-grace", "1.5",
                    "--mode", "640"});
    CHECK(parsed.options.configuration.instance == "of-flag");
    CHECK(parsed.options.configuration.limits.exited_grace_ns == 1'500'000'000);
    CHECK(parsed.options.configuration.stats_mode == 0640);
    setenv("TIDEMARK_INSTANCE", "a b", 1);
    check_refused({}, "TIDEMARK_INSTANCE: ");
}

TEST_CASE("a named collector can be ended although its file is broken") {
    const CleanPlace place;
    const std::string file = place.file("{");
    CHECK(parse({"--stop", "--instance", "a", "--config", file.c_str()}).go_on);
    check_refused({"--stop", "--config", file.c_str()}, "not JSON");
    check_refused({"--instance", "a", "--config", file.c_str()}, "not JSON");
}

TEST_CASE("a private instance keeps what it saw until its end") {
    const CleanPlace place;
    const ParsedOptions parsed = parse({"--private", "--instance", "run-1"});
    CHECK(parsed.go_on);
    CHECK(parsed.options.configuration.private_instance);
    CHECK(parsed.options.configuration.limits.exited_grace_ns == kUnknown);
}

TEST_CASE("relative log paths hold for a daemon that has changed its directory") {
    const CleanPlace place;
    const ParsedOptions parsed = parse({"--leak-log", "leaks.json", "--background"});
    CHECK(parsed.options.configuration.leak_log ==
          (std::filesystem::current_path() / "leaks.json").string());
    CHECK(parsed.options.action == Options::Action::kBackground);
}

TEST_CASE("help fits a screen and ends with examples; version") {
    const ParsedOptions help = parse({"--help"});
    CHECK_FALSE(help.go_on);
    CHECK(help.status == 0);
    CHECK(std::count(help.output.begin(), help.output.end(), '\n') <= 40);
    CHECK(help.output.find("Examples:") > help.output.find("--leak-log"));
    CHECK(parse({"--version"}).output.rfind("tidemarkd ", 0) == 0);
}

TEST_CASE("verbosity counts") {
    const CleanPlace place;
    CHECK(parse({"-vv"}).options.verbosity == 2);
    CHECK(parse({"-q", "-q", "-v"}).options.verbosity == -1);
}

TEST_CASE("the malloc tracker is taken out of LD_PRELOAD, others stay") {
    CHECK(without_tracker("/usr/lib/tidemark/libtidemark_malloc.so").empty());
    CHECK(without_tracker("/a/libfoo.so:/b/libtidemark_malloc.so /c/libbar.so") ==
          "/a/libfoo.so:/c/libbar.so");
    CHECK(without_tracker(" : ").empty());
}

}  // namespace
}  // namespace tidemark::collector
