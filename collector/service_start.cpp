// SPDX-License-Identifier: Apache-2.0
//
// How a collector starts: its lock, then what its core needs to be there, then the core.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "collector/directory.hpp"
#include "collector/log.hpp"
#include "collector/service.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::collector {
namespace {

// How long --background waits for one that is just starting, before it says so.
constexpr std::chrono::seconds kStartPatience{10};
constexpr std::chrono::milliseconds kLookPause{20};
constexpr std::chrono::seconds kListenPause{2};

}  // namespace

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
        [this](std::vector<std::uint64_t> images) { door_->leaks_recorded(std::move(images)); },
        configuration_.instance);
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
    open_regions();
    return open_older_sockets(error);
}

// A private instance is about one command only.
void Service::open_regions() {
    if (configuration_.private_instance) return;
    regions_ =
        std::make_unique<regions::RegionTimer>(loop_, *door_, configuration_.tt_shm_directory);
    if (configuration_.exports_tt_shm) regions_->export_to(configuration_.instance);
    regions_->start();
}

// After the core: their questions are answered from what it publishes.
bool Service::open_older_sockets(std::string& error) {
    if (!configuration_.legacy_socket.empty()) {
        gateway::GatewaySettings settings{
            configuration_.instance, configuration_.legacy_socket,
            std::chrono::nanoseconds(
                std::min<std::uint64_t>(configuration_.legacy_grace_ns, std::uint64_t{1} << 62)),
            client_log_};
        settings.most_buffers = configuration_.limits.socket_buffers;
        gateway_ = std::make_unique<gateway::Gateway>(loop_, *door_, std::move(settings));
        core_->on_covered = [this](std::uint64_t image, std::uint32_t device) {
            loop_.post([this, image, device] {
                if (gateway_) gateway_->told_elsewhere(image, device);
            });
        };
    }
    if (!configuration_.tracy_socket.empty())
        tracy_ = std::make_unique<gateway::TracyServer>(loop_, *door_, configuration_.instance);
    if (listen_on_older_sockets(error)) return true;
    // A service is there for everybody: it goes on without, and takes the socket when its owner is gone.
    if (std::getenv("NOTIFY_SOCKET") == nullptr) return false;
    log_warning(error + "; tried again every 2 s");
    listen_later();
    return true;
}

bool Service::listen_on_older_sockets(std::string& error) {
    const bool gateway = !gateway_ || gateway_->is_open() || gateway_->open(error);
    const bool tracy =
        !tracy_ || tracy_->is_open() || tracy_->open(configuration_.tracy_socket, error);
    return gateway && tracy;
}

void Service::listen_later() {
    loop_.after(kListenPause, [this] {
        std::string error;
        if (!stopping_ && !listen_on_older_sockets(error)) listen_later();
    });
}

void Service::close_older_sockets() {
    if (gateway_) gateway_->close();
    if (tracy_) tracy_->close();
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

}  // namespace tidemark::collector
