// SPDX-License-Identifier: Apache-2.0
#include "collector/commands.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <thread>

#include "collector/control_client.hpp"
#include "collector/instance_lock.hpp"

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using State = InstanceHolder::State;

constexpr int kNotRunning = 3;
constexpr std::chrono::seconds kStatusPatience{2};
constexpr std::chrono::seconds kStopPatience{30};
constexpr std::chrono::milliseconds kLookPause{10};

std::string flag_for(const std::string& instance) { return "--instance " + instance; }

int tell_absent(const std::string& instance, const InstanceHolder& holder) {
    if (holder.state == State::kUntold) {
        std::fprintf(stderr, "tidemarkd: %s\n", holder.error.c_str());
    } else {
        std::fprintf(
            stderr,
            "tidemarkd: no collector runs as instance %s; start one: tidemarkd --background %s\n",
            instance.c_str(), flag_for(instance).c_str());
    }
    return kNotRunning;
}

std::string local_time(std::uint64_t unix_ns) {
    const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
    std::tm parts{};
    char text[64] = "?";
    if (localtime_r(&seconds, &parts) != nullptr)
        std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &parts);
    return text;
}

void print(const char* name, const std::string& value) {
    std::printf("  %-9s %s\n", name, value.c_str());
}

bool asked_to_stop(const InstanceRecord& record, std::string& error) {
    std::string answer;
    if (record.control_socket.empty()) {
        error = "it has no control socket";
        return false;
    }
    if (!ask_control(record.control_socket, R"({"command":"stop"})", kStopPatience, answer, error))
        return false;
    const Json json = Json::parse(answer, nullptr, false);
    if (json.is_object() && json.value("ok", false)) return true;
    error = "it answered " + answer;
    return false;
}

bool signalled(const InstanceRecord& record, std::string& error) {
    const int pidfd = open_holder(record);
    if (pidfd < 0) {
        error +=
            "; and its process can't be found from here (another pid namespace, or it is just "
            "starting)";
        return false;
    }
    const bool sent = syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, nullptr, 0) == 0;
    if (!sent) error += std::string("; and SIGTERM could not be sent: ") + std::strerror(errno);
    close(pidfd);
    return sent;
}

bool lock_is_free(const std::string& instance, const InstanceRecord& record) {
    const auto deadline = Clock::now() + kStopPatience;
    while (Clock::now() < deadline) {
        const InstanceHolder now = inspect_instance(instance);
        if (now.state != State::kHeld) return true;
        // Another one that took its place (a service manager's restart) is not the one that was asked.
        if (now.record.pid != 0 && now.record.pid != record.pid) return true;
        std::this_thread::sleep_for(kLookPause);
    }
    return false;
}

}  // namespace

int show_status(const std::string& instance) {
    const InstanceHolder holder = inspect_instance(instance);
    if (holder.state != State::kHeld) return tell_absent(instance, holder);
    const InstanceRecord& record = holder.record;
    std::string answer;
    std::string error = "no control socket";
    if (!record.control_socket.empty()) {
        static_cast<void>(ask_control(record.control_socket, R"({"command":"status"})",
                                      kStatusPatience, answer, error));
    }
    const Json json = Json::parse(answer, nullptr, false);
    const bool answered = json.is_object() && json.value("ok", false);
    std::printf("tidemarkd is %s\n", !record.ready ? "starting" : "running");
    print("instance", instance);
    print("pid", record.pid == 0 ? "not known yet" : std::to_string(record.pid));
    if (record.pid != 0) print("since", local_time(record.started_unix_ns));
    if (answered) {
        print("rings",
              std::to_string(json.value("processes_running", std::uint64_t{0})) + " attached");
        print("version", json.value("version", std::string("?")));
        print("socket", record.control_socket);
    } else {
        print("socket", "does not answer (" + error + ")");
    }
    return 0;
}

int stop_running(const std::string& instance) {
    const InstanceHolder holder = inspect_instance(instance);
    if (holder.state != State::kHeld) return tell_absent(instance, holder);
    std::string error;
    const std::string pid = std::to_string(holder.record.pid);
    if (!asked_to_stop(holder.record, error) && !signalled(holder.record, error)) {
        std::fprintf(stderr, "tidemarkd: cannot stop instance %s (pid %s): %s\n", instance.c_str(),
                     pid.c_str(), error.c_str());
        return kNotRunning;
    }
    if (!lock_is_free(instance, holder.record)) {
        std::fprintf(stderr,
                     "tidemarkd: instance %s (pid %s) was asked to stop and still runs after 30 s; "
                     "kill -KILL %s "
                     "loses nothing: the next collector goes on where it was\n",
                     instance.c_str(), pid.c_str(), pid.c_str());
        return kNotRunning;
    }
    std::printf("tidemarkd: stopped instance %s (pid %s)\n", instance.c_str(), pid.c_str());
    return 0;
}

}  // namespace tidemark::collector
