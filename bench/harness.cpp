// SPDX-License-Identifier: Apache-2.0
#include "bench/harness.hpp"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tidemark::bench {
namespace {

std::atomic<bool> refused{false};

// True if the flag was there; it is taken off.
bool take_flag(std::vector<char*>& arguments, const char* flag) {
    for (auto at = arguments.begin() + 1; at != arguments.end(); ++at) {
        if (std::strcmp(*at, flag) != 0) continue;
        arguments.erase(at);
        return true;
    }
    return false;
}

// The affinity as it was at start: pinning a thread changes what it would see of it later.
const cpu_set_t& affinity_at_start() {
    static const cpu_set_t all = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof set, &set);
        return set;
    }();
    return all;
}

}  // namespace

int run(int argc, char** argv, void (*register_all)(const Options&)) {
    affinity_at_start();
    std::vector<char*> arguments(argv, argv + argc);
    Options options;
    options.smoke = take_flag(arguments, "--smoke");
    options.threads = take_flag(arguments, "--threads");
    options.drain = take_flag(arguments, "--drain");
    std::string instant = "--benchmark_min_time=0.001";
    if (options.smoke) arguments.push_back(instant.data());
    int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
    benchmark::AddCustomContext("compiler", __VERSION__);
    register_all(options);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return refused.load() ? 1 : 0;
}

void refuse(benchmark::State& state, const std::string& why) {
    refused = true;
    state.SkipWithError(why.c_str());
}

void require_tracking(bool enabled, char** argv) {
    const char* wanted = enabled ? "1" : "0";
    const char* is = std::getenv("TIDEMARK_ENABLED");
    if (is != nullptr && std::strcmp(is, wanted) == 0) return;
    unsetenv("TT_ALLOC_TRACKING_ENABLED");
    setenv("TIDEMARK_INSTANCE", ("bench-" + std::to_string(getpid())).c_str(), 1);
    setenv("TIDEMARK_ENABLED", wanted, 1);
    execv("/proc/self/exe", argv);
    std::perror("cannot start this program again");
    std::exit(1);
}

std::vector<int> allowed_processors() {
    std::vector<int> processors;
    for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &affinity_at_start())) processors.push_back(i);
    }
    return processors;
}

void pin_to(unsigned which) {
    const std::vector<int> processors = allowed_processors();
    if (processors.empty()) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processors[which % processors.size()], &set);
    sched_setaffinity(0, sizeof set, &set);
}

void keep_off_first(pid_t process) {
    const std::vector<int> processors = allowed_processors();
    if (processors.size() < 2) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (std::size_t i = 1; i < processors.size(); ++i)
        CPU_SET(processors[i], &set);
    std::error_code none;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, none))
        sched_setaffinity(std::stoi(task.path().filename()), sizeof set, &set);
}

}  // namespace tidemark::bench
