// SPDX-License-Identifier: Apache-2.0
#include "collector/service.hpp"

#include <unistd.h>

#include <exception>
#include <functional>
#include <utility>

#include "collector/log.hpp"
#include "collector/notify.hpp"

namespace tidemark::collector {
Service::Service(const Options& options)
    : background_(options.action == Options::Action::kBackground),
      client_log_(background_             ? gateway::ClientLog::Level::kSilent
                  : options.shows_clients ? gateway::ClientLog::Level::kVerbose
                                          : gateway::ClientLog::Level::kQuiet),
      parent_(getppid()),
      configuration_(options.configuration),
      ends_(loop_, [this](const std::string& why) { request_stop(why); }),
      watchdog_(loop_, [this](std::function<void()> answer) {
          core_->post([answer = std::move(answer)](Core&) { answer(); });
      }) {}

Service::~Service() {
    sinks_.stop();  // its thread speaks to the core
}

int Service::run(StartReport& report) {
    std::string text;
    const Locked locked = lock(text);
    if (locked == Locked::kFailed) return report.failed(text);
    if (locked == Locked::kRunsAlready) return report.succeeded(text, false);
    if (!open(text) || !write_record(true, text)) {
        leave();
        return report.failed(text);
    }
    drain_ = std::thread([this] { drain(); });
    text = "ready: instance " + configuration_.instance + ", pid " + std::to_string(getpid());
    log_notice(text);
    report.succeeded(text, true);
    watchdog_.start(watchdog_period());
    loop_.run();
    drain_.join();
    leave();
    if (!drain_failure_.empty())
        log_error("the drain thread failed: " + drain_failure_ + "; start the collector again");
    return drain_failure_.empty() ? 0 : 3;
}

void Service::lock_removed() {
    if (lock_->in_place()) return;
    auto again = std::make_unique<InstanceLock>();
    std::string error;
    const InstanceLock::Taken taken = again->take(configuration_.instance, error);
    if (taken == InstanceLock::Taken::kHeldByAnother)
        return request_stop("another collector that took its name");
    if (taken == InstanceLock::Taken::kYes) {
        lock_ = std::move(again);
        if (write_record(true, error))
            return log_warning("somebody removed the instance's lock; it was made again");
    }
    log_error(error + "; another collector could take this instance's name");
}

void Service::request_stop(const std::string& why) {
    if (!stopping_) {
        log_info("stopping: " + why);
        notify_service_manager("STOPPING=1");
        close_older_sockets();       // what they received is drained yet,
        if (watch_) watch_->look();  // in rings that are new too
    }
    stopping_ = true;
    core_->request_stop();
}

void Service::drain() {
    try {
        core_->run();
    } catch (const std::exception& failure) {
        drain_failure_ = failure.what();
    }
    loop_.post([this] { drain_ended(); });
}

void Service::drain_ended() {
    sinks_.stop();
    if (!control_) return loop_.stop();
    control_->finish([this] { loop_.stop(); });
}

// What is still there when the process ends is the lock; the kernel takes that.
void Service::leave() {
    sinks_.stop();
    gateway_.reset();
    tracy_.reset();
    regions_.reset();
    control_.reset();
    watch_.reset();
    processes_.reset();
    core_.reset();
    if (configuration_.private_instance && lock_) lock_->remove();
}

}  // namespace tidemark::collector
