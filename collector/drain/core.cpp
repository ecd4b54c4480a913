// SPDX-License-Identifier: Apache-2.0
//
// The drain thread's loop, which decides only what comes next, and what others may ask of it: a turn stands in
// core_turn.cpp, a heartbeat in core_heartbeat.cpp, sleep in core_rest.cpp.
#include <sys/random.h>
#include <unistd.h>

#include <mutex>

#include "collector/drain/core_parts.hpp"
#include "shm/fault_guard.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kBusyEvents = 256;  // a pass this large is followed by the next at once

}  // namespace

std::uint64_t Core::Parts::new_generation() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number || number == 0)
        number = shm::monotonic_ns() | 1;
    return number;
}

Core::Core(const Configuration& configuration, SinkPort& sinks)
    : parts_(std::make_unique<Parts>(configuration, sinks)) {}
Core::~Core() = default;

bool Core::open(std::string& error) {
    Parts& p = *parts_;
    shm::FaultGuard::install();
    bool made = false;
    if (!p.ledger.open(p.configuration.instance, made, error)) return false;
    if (!p.stats.create(p.configuration, p.generation, error)) {
        if (made) shm::Segment::unlink(Ledger::name_of(p.configuration.instance));
        return false;
    }
    p.publisher =
        std::make_unique<Publisher>(p.stats, p.ledger, p.totals, p.clock, p.configuration, p.sinks);
    p.registry = std::make_unique<Registry>(p.configuration, p.ledger, p.totals, p.clock,
                                            *p.publisher, p.sinks, p.counters);
    p.pass = std::make_unique<Pass>(p.ledger, p.totals, p.clock, p.sinks);
    p.registry->bell_slot = [&p](std::uint32_t uid) { return p.bells.slot_for(uid); };
    p.on_covered = [this](std::uint64_t image, std::uint32_t device) {
        if (on_covered) on_covered(image, device);
    };
    p.registry->on_attached = [this](std::uint64_t image, int pid) {
        parts_->newcomers.push_back(image);
        if (on_attached) on_attached(image, pid);
    };
    p.bells.slot_for(geteuid());
    p.registry->recover();
    TIDEMARK_SHARED_STORE("ledger.generation", p.ledger.header().generation = p.generation);
    if (!made) TIDEMARK_SHARED_STORE("ledger.restarts", p.ledger.header().restarts += 1);
    std::vector<Image*> all;
    for (auto& [number, image] : p.registry->images())
        all.push_back(image.get());
    p.publisher->publish(all, p.counters);
    for (Image* image : all) {
        if (image->exited) p.registry->settle_exited(*image);
    }
    p.heartbeat();
    if (!p.stats.put_in_place(error)) return false;
    p.registry->scan();
    p.registry->keep_cut_off();
    return true;
}

void Core::run() {
    Parts& p = *parts_;
    while (!p.stop.load(std::memory_order_relaxed)) {
        const bool tasks = p.run_tasks(*this);
        const std::uint64_t events = p.turn(false);
        const bool ended = p.retire_ended();
        if (events != 0) p.gathering.took_something();
        if (shm::monotonic_ns() >= p.next_heartbeat) p.heartbeat();
        if (events >= kBusyEvents || p.stopped_halfway || tasks || ended) continue;
        p.pause(events);
    }
    p.run_tasks(*this);
    p.finish();
}

void Core::post(std::function<void(Core&)> task) {
    {
        const std::lock_guard<std::mutex> lock(parts_->tasks_mutex);
        parts_->tasks.push_back(std::move(task));
    }
    parts_->bells.ring_own();
}

void Core::request_stop() noexcept {
    parts_->stop.store(true, std::memory_order_relaxed);
    parts_->bells.ring_own();
}

void Core::ring_appeared(const std::string& name) { parts_->registry->ring_appeared(name); }
void Core::ring_released(const std::string& name) { parts_->registry->ring_released(name); }
void Core::rescan() { parts_->registry->scan(Registry::Ends::kLookFor); }
void Core::process_ended(std::uint64_t image, Ending ending) {
    parts_->registry->process_ended(image, ending);
}
void Core::lost_without_ring(const shm::LossCounter& lost) {
    parts_->registry->lost_without_ring(lost);
}
void Core::regions(std::vector<tidemark_region_row> rows) {
    parts_->registry->mark_instrumented(rows);
    parts_->publisher->publish_regions(std::move(rows));
}
void Core::leaks_recorded(std::uint64_t image) { parts_->registry->leaks_recorded(image); }
// Those whose end was not told yet count: who waits for the last one wants to know how it ended.
std::size_t Core::running() const {
    return parts_->registry->running() + parts_->registry->untold();
}
std::vector<std::string> Core::clean() { return parts_->registry->clean(); }
std::uint64_t Core::generation() const { return parts_->generation; }

// Everything that was in a ring when this began is applied and published when it returns.
std::uint64_t Core::flush() {
    Parts& p = *parts_;
    p.registry->scan();
    for (const Image* image : p.registry->alive()) {
        if (image->ring) p.registry->ring_released(image->ring->name());
    }
    // A producer that never rests is caught up with at most so often; one turn takes at least what was there before it,
    // unless a quantum ends it.
    for (int turns = 0; turns < 1000; ++turns) {
        p.turn(true);
        if (!p.pass->left_work()) break;
    }
    p.retire_all_ended();
    // Programs that got no ring, or whose ring was refused, move no image: they are only counted.
    p.counters.untracked_images = p.bells.untracked_images();
    p.publisher->publish({}, p.counters);
    return p.publisher->pass();
}

bool Core::Parts::run_tasks(Core& core) {
    std::vector<std::function<void(Core&)>> now;
    {
        const std::lock_guard<std::mutex> lock(tasks_mutex);
        now.swap(tasks);
    }
    for (const std::function<void(Core&)>& task : now)
        task(core);
    return !now.empty();
}

// Bounded, since who writes into a dead program's ring makes the search for what it left begin anew.
void Core::Parts::retire_all_ended() {
    constexpr int kMostSteps = 10'000;  // the largest table is searched in 4,096
    for (int i = 0; i < kMostSteps && retire_ended(); ++i) {
    }
}

void Core::Parts::finish() {
    turn(true);
    retire_all_ended();
    registry->tell_overdue(UINT64_MAX);
    measure_rings();
    while (registry->give_back_some()) {
    }
    publisher->publish({}, counters);
    // Nobody is there any more to be told.
    for (const Image* image : registry->alive())
        if (image->ring) image->ring->be_watched();
    stats.set_state(TIDEMARK_COLLECTOR_STOPPED);
    if (!configuration.private_instance) return;
    registry->remove_all();
    stats.remove();
    shm::Segment::unlink(Ledger::name_of(configuration.instance));
}

}  // namespace tidemark::collector
