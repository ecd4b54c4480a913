// SPDX-License-Identifier: Apache-2.0
#include "collector/service.hpp"

#include <unistd.h>

#include <chrono>
#include <exception>

#include "collector/directory.hpp"
#include "collector/log.hpp"
#include "collector/notify.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::collector {
namespace {

// How long --background waits for one that is just starting, before it says so.
constexpr std::chrono::seconds kStartPatience{10};
constexpr std::chrono::milliseconds kLookPause{20};

}  // namespace

Service::Service(const Options& options)
    : background_(options.action == Options::Action::kBackground),
      parent_(getppid()),
      configuration_(options.configuration),
      ends_(loop_, [this](const std::string& why) { request_stop(why); }) {}

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
    loop_.run();
    drain_.join();
    leave();
    if (!drain_failure_.empty())
        log_error("the drain thread failed: " + drain_failure_ + "; start the collector again");
    return drain_failure_.empty() ? 0 : 3;
}

Service::Locked Service::lock(std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
    while (true) {
        lock_ = std::make_unique<InstanceLock>();
        const InstanceLock::Taken taken = lock_->take(configuration_.instance, text);
        if (taken == InstanceLock::Taken::kYes) return Locked::kYes;
        if (taken == InstanceLock::Taken::kFailed) return Locked::kFailed;
        const InstanceHolder holder = inspect_instance(configuration_.instance);
        const std::string who =
            "instance " + configuration_.instance + " runs already, pid " +
            (holder.record.pid == 0 ? "unknown" : std::to_string(holder.record.pid));
        text = who;
        if (background_ && holder.record.ready) return Locked::kRunsAlready;
        if (!background_ || std::chrono::steady_clock::now() > deadline) {
            text = who + (background_ ? " but is not ready" : "") +
                   "; tidemarkd --stop --instance " + configuration_.instance +
                   " ends it, another --instance runs beside it";
            return Locked::kFailed;
        }
        std::this_thread::sleep_for(kLookPause);
    }
}

bool Service::open(std::string& error) {
    record_ = own_record();
    if (!write_record(false, error) || !loop_.open(error) || !ends_.watch_signals(error))
        return false;
    if (configuration_.private_instance && !ends_.watch_parent(parent_, error)) return false;
    std::string warning;
    if (!control_socket_path(configuration_.instance, configuration_.control_socket, warning)) {
        log_warning(warning +
                    "; going on without one: --stop will use SIGTERM, event followers have none");
    }
    return sinks_.open(configuration_.event_log, configuration_.leak_log, error) &&
           open_core(error);
}

bool Service::open_core(std::string& error) {
    core_ = std::make_unique<Core>(configuration_, sinks_);
    door_ = std::make_unique<CoreDoor>(*core_, loop_);
    sinks_.start(
        [this](std::vector<std::uint64_t> images) { door_->leaks_recorded(std::move(images)); });
    processes_ = std::make_unique<ProcessWatch>(loop_, *door_);
    core_->on_attached = [this](std::uint64_t image, int pid) {
        loop_.post([this, image, pid] { processes_->attached(image, pid); });
    };
    // Before the core's scan, so that no ring falls between the two.
    const std::string lock_name =
        instance_lock_path(configuration_.instance).substr(sizeof(shm::kShmDirectory) - 1);
    watch_ = std::make_unique<Watch>(loop_, *door_, lock_name, [this] { lock_removed(); });
    std::string warning;
    watch_->open(shm::kShmDirectory, warning);
    if (!warning.empty()) log_warning(warning);
    open_control();
    if (!core_->open(error)) return false;
    if (control_) control_->set_generation(core_->generation());
    return true;
}

void Service::open_control() {
    if (configuration_.control_socket.empty()) return;
    ControlIdentity identity{getpid(), configuration_.instance, 0, TIDEMARK_PROJECT_VERSION,
                             record_.started_unix_ns};
    control_ = std::make_unique<Control>(
        loop_, *door_, sinks_, std::move(identity), [this] { watch_->look(); },
        [this] { request_stop("a stop request"); });
    std::string warning;
    if (control_->open(configuration_.control_socket, warning)) return;
    log_warning(warning + "; going on without one");
    control_.reset();
    configuration_.control_socket.clear();
}

bool Service::write_record(bool ready, std::string& error) {
    record_.ready = ready;
    record_.control_socket = control_ ? configuration_.control_socket : "";
    return lock_->write(record_, error);
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
    control_.reset();
    watch_.reset();
    processes_.reset();
    core_.reset();
    if (configuration_.private_instance && lock_) lock_->remove();
}

}  // namespace tidemark::collector
