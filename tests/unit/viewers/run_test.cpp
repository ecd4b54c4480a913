// SPDX-License-Identifier: Apache-2.0
//
// `tidemark run` around commands that end in every way. These hold with and without a collector and a tracker at hand:
// what the command prints and how it ends is never changed. What tracking finds is tested elsewhere, on real programs.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "unit/viewers/tool.hpp"
#include "viewers/cli/launch.hpp"
#include "viewers/cli/run_report.hpp"
#include "viewers/cli/run_result.hpp"

using namespace tidemark;
using test::run_tidemark;
using Json = nlohmann::json;

namespace {

// No tracker: what a machine without an installation has.
const std::vector<std::pair<std::string, std::string>> kUntracked = {
    {"TIDEMARK_MALLOC_LIB", "/nonexistent.so"}};

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

model::PoolUsage pool(std::uint32_t device, const char* name, std::uint64_t peak,
                      std::uint64_t current) {
    model::PoolUsage usage;
    usage.device = device;
    usage.pool_name = name;
    usage.peak = peak;
    usage.current = current;
    usage.live = current != 0 ? 1 : 0;
    return usage;
}

// Two programs that ended; the sum of what they left in device 0's DRAM is 300.
model::Snapshot two_programs() {
    model::Snapshot snapshot;
    snapshot.collector.counters.emplace();
    snapshot.devices.resize(2);
    snapshot.devices[0].pools = {pool(0, "DRAM", 1000, 0)};
    snapshot.devices[1].device = TIDEMARK_DEVICE_HOST;
    snapshot.devices[1].pools = {pool(TIDEMARK_DEVICE_HOST, "SYSTEM_MEMORY", 5000, 0)};
    for (const std::uint64_t left : {100, 200}) {
        model::Process process;
        process.image = left;
        process.pid = static_cast<std::int32_t>(left);
        process.name = "app";
        process.exited = true;
        process.usage = {pool(0, "DRAM", 600, left),
                         pool(TIDEMARK_DEVICE_HOST, "SYSTEM_MEMORY", 3000, 50)};
        snapshot.processes.push_back(process);
    }
    return snapshot;
}

}  // namespace

TEST_CASE("the command's status is run's status") {
    CHECK(run_tidemark({"run", "--", "/bin/sh", "-c", "exit 7"}).status == 7);
    CHECK(run_tidemark({"run", "--", "true"}).status == 0);
    CHECK(run_tidemark({"run", "--", "false"}).status == 1);
    CHECK(run_tidemark({"run", "--", "/bin/sh", "-c", "kill -KILL $$"}).status == 128 + SIGKILL);
    CHECK(run_tidemark({"run", "--", "/bin/sh", "-c", "kill -SEGV $$"}).status == 128 + SIGSEGV);
}

TEST_CASE("a command that is not there ends with 127, one that cannot be executed with 126") {
    auto ran = run_tidemark({"run", "--", "/nonexistent/program"});
    CHECK(ran.status == 127);
    CHECK(ran.err ==
          "tidemark: cannot run /nonexistent/program: not found; give a path or a name that is in "
          "PATH\n");
    CHECK(run_tidemark({"run", "--", "no-program-of-this-name"}).status == 127);
    ran = run_tidemark({"run", "--", "/etc/passwd"});
    CHECK(ran.status == 126);
    CHECK(holds(ran.err, "cannot run /etc/passwd: Permission denied"));
    CHECK(run_tidemark({"run", "--", "/"}).status == 126);
}

TEST_CASE("a command that cannot run leaves no file behind") {
    const std::string path = test::scratch_path("run.json");
    CHECK(run_tidemark({"run", "--json", "-o", path, "--", "/nonexistent/program"}).status == 127);
    CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("standard output belongs to the command, and its words are untouched") {
    const auto ran =
        run_tidemark({"run", "-q", "--", "printf", "%s|", "-o", "--json", "--", "a b"});
    CHECK(ran.status == 0);
    CHECK(ran.out == "-o|--json|--|a b|");
}

TEST_CASE("the command inherits no descriptor of ours and keeps those of its caller") {
    const int kept = ::open("/dev/null", O_RDONLY);
    const auto direct = test::run_program("/bin/ls", {"/proc/self/fd"});
    const auto ran = run_tidemark({"run", "-q", "--", "/bin/ls", "/proc/self/fd"});
    CHECK(holds(ran.out, std::to_string(kept) + "\n"));
    CHECK(ran.out == direct.out);
    ::close(kept);
}

TEST_CASE("a closed standard stream stays closed for the command and changes no status") {
    const char* folder = std::getenv("TIDEMARK_BIN_DIR");
    REQUIRE(folder != nullptr);
    const std::string run = std::string(folder) + "/tidemark run -- ";
    const auto status = [&](const std::string& line) {
        return test::run_program("/bin/sh", {"-c", line}).status;
    };
    CHECK(status(run + "/bin/sh -c 'exit 6' 0<&- 1>&- 2>&-") == 6);
    CHECK(status(run + "true 2>&-") == 0);
    CHECK(status(run + "test ! -e /proc/self/fd/1 >&-") == 0);
}

TEST_CASE("the command starts with the signals that a shell would give it") {
    const auto ran =
        run_tidemark({"run", "-q", "--", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
    CHECK(holds(ran.out, "SigBlk:\t0000000000000000"));
    CHECK(holds(ran.out, "SigIgn:\t0000000000000000"));
}

TEST_CASE("SIGTERM is passed on to the command; an interrupt is the command's own affair") {
    const std::vector<std::string> trap = {
        "run",    "-q",
        "--wait", "0",
        "--",     "/bin/sh",
        "-c",     "trap 'exit 42' TERM; echo ready; while :; do sleep 0.05; done"};
    CHECK(test::run_tidemark_and_signal(trap, SIGTERM).status == 42);
    const std::vector<std::string> slow = {"run",     "-q", "--",
                                           "/bin/sh", "-c", "echo ready; sleep 1; exit 5"};
    CHECK(test::run_tidemark_and_signal(slow, SIGINT).status == 5);
}

TEST_CASE("without a tracker the command runs untracked, and run says so") {
    const auto ran = run_tidemark({"run", "--", "/bin/sh", "-c", "echo hi; exit 3"}, kUntracked);
    CHECK(ran.status == 3);
    CHECK(ran.out == "hi\n");
    CHECK(holds(ran.err, "ran untracked"));
}

TEST_CASE("a limit that cannot be checked ends with 3, unless the command failed by itself") {
    CHECK(run_tidemark({"run", "--max-peak", "1G", "--", "true"}, kUntracked).status == 3);
    CHECK(run_tidemark({"run", "--max-peak", "1G", "--", "/bin/sh", "-c", "exit 9"}, kUntracked)
              .status == 9);
    CHECK(run_tidemark({"run", "--", "true"}, kUntracked).status == 0);
}

TEST_CASE("an untracked run still writes its JSON, without inventing figures") {
    const std::string path = test::scratch_path("untracked.json");
    CHECK(run_tidemark({"run", "--json", "-o", path, "--", "/bin/sh", "-c", "exit 4"}, kUntracked)
              .status == 4);
    std::ifstream file(path);
    const Json document = Json::parse(file);
    CHECK(document["schema"] == 1);
    CHECK(document["exit_status"] == 4);
    CHECK(document["wall_seconds"].get<double>() > 0);
    CHECK(document["leaks"] == Json::array());
    CHECK(document["devices"].empty());
    CHECK(document["collector"].is_null());
    CHECK(document["tracked"] == false);
    ::unlink(path.c_str());
}

TEST_CASE("limits count device pools, and host memory only when it is asked for") {
    const model::Snapshot snapshot = two_programs();
    const auto device_only = cli::pool_results(snapshot, false);
    REQUIRE(device_only.size() == 2);
    CHECK(device_only[0].left == 300);
    CHECK(device_only[0].left_live == 2);
    CHECK(cli::exceeded(device_only, {999, {}}).size() == 1);
    CHECK(cli::exceeded(device_only, {1000, {}}).empty());
    CHECK(cli::exceeded(device_only, {{}, 299}).size() == 1);
    CHECK(cli::exceeded(device_only, {{}, 300}).empty());
    CHECK(cli::exceeded(cli::pool_results(snapshot, true), {1000, 99}).size() == 3);
}

TEST_CASE("the final status is the command's, then the limit's, then that nothing was tracked") {
    cli::RunResult result;
    result.tracked = true;
    const cli::Limits limits{1, {}};
    CHECK(cli::final_status(result, limits, true, 1) == 1);
    CHECK(cli::final_status(result, limits, true, 77) == 77);
    CHECK(cli::final_status(result, limits, false, 77) == 0);
    result.tracked = false;
    CHECK(cli::final_status(result, limits, false, 77) == 3);
    CHECK(cli::final_status(result, {}, false, 77) == 0);
    result.exit_status = 5;
    CHECK(cli::final_status(result, limits, true, 77) == 5);
}

TEST_CASE("the report sums up pools and programs and says that nothing was lost") {
    cli::RunResult result;
    result.command = {"./app", "--fast"};
    result.wall_seconds = 1.5;
    result.snapshot = two_programs();
    result.tracked = true;
    const cli::Terminal plain(-1, cli::ColorChoice::kNever, true);
    const std::string text =
        cli::run_report(result, cli::pool_results(*result.snapshot, false), {}, {}, plain);
    CHECK(holds(text, "./app --fast"));
    CHECK(holds(text, "exit status 0, 1.50 s"));
    CHECK(holds(text, "2 programs tracked, nothing lost: sums and counts are exact"));
    result.snapshot->devices[0].pools[0].exact = false;
    result.snapshot->collector.counters->lost.allocations[TIDEMARK_LOSS_FULL] = 3;
    const std::string lossy =
        cli::run_report(result, cli::pool_results(*result.snapshot, false), {}, {}, plain);
    CHECK(holds(lossy, "lost 3 events"));
    CHECK(holds(lossy, "figures are not exact where marked"));
}

TEST_CASE("a run's JSON carries the snapshot, the status and the leaks") {
    cli::RunResult result;
    result.snapshot = two_programs();
    result.exit_status = 3;
    result.leaks.buffers = {{1, 100, 0, result.leaks.pool_index("DRAM"), 64, 4096, 12, 0}};
    std::string text;
    cli::write_run_json(result, {}, [&](const std::string& piece) { text += piece; });
    const Json document = Json::parse(text);
    CHECK(document["exit_status"] == 3);
    CHECK(document["processes"].size() == 2);
    CHECK(document["leaks"][0]["pid"] == 100);
    CHECK(document["leaks"][0]["device"] == 0);
    CHECK(document["leaks"][0]["pool"] == "DRAM");
    CHECK(document["leaks"][0]["id"] == 64);
    CHECK(document["leaks"][0]["size"] == 4096);
    CHECK(document["leaks"][0]["age_ms"] == 12);
}

TEST_CASE("an exec that fails is told with its reason, and nothing is left to reap") {
    const auto launched = cli::launch({"/nonexistent"}, [] {});
    CHECK(launched.error == ENOENT);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}
