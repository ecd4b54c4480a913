// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/feed.hpp"

#include <unistd.h>

#include <algorithm>

#include "viewers/tui/process_signal.hpp"

namespace tidemark::tui {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kHistoryPoints = 60;  // coarse: the last minute
// Reading all buffers of a large program takes its time: no more of it than a hundredth.
constexpr std::uint64_t kDetailShare = 100;

// A monitor does not list itself, when it runs under the tracker.
model::Filter without_own(model::Filter filter) {
    const auto start = start_ticks_of(::getpid());
    if (start) filter.without = {::getpid(), *start};
    return filter;
}

model::Snapshot without_figures(const std::string& instance) {
    model::Snapshot snapshot;
    snapshot.time_unix_ns = model::unix_now_ns();
    snapshot.consistent = true;
    snapshot.collector.instance = instance;
    snapshot.collector.state = model::CollectorState::kNone;
    return snapshot;
}

}  // namespace

Feed::Feed(FeedOptions options) : options_(std::move(options)), sensors_(options_.sysfs_root) {
    options_.filter = without_own(options_.filter);
}

bool Feed::read_figures(World& world) {
    const std::uint64_t now = model::monotonic_now_ns();
    if (!source_ && now >= source_due_ns_) {
        source_due_ns_ = now + kSecond;
        model::StatsSource::Error error;
        source_ = model::StatsSource::open(options_.source, error);
        if (source_) {
            world.snapshot = source_->read();
            take_over(world);
            return true;
        }
    }
    if (source_) {
        const auto done = source_->refresh_in_place(world.snapshot, options_.filter);
        using News = model::StatsSource::News;
        if (done.news == News::kAll) take_over(world);
        if (done.news == News::kFigures) take_over_changes(world, done.processes);
        return done.news != News::kNone;
    }
    const bool is_first = world.snapshot.collector.instance.empty();
    world.snapshot = without_figures(options_.instance);
    if (is_first) take_over(world);
    return is_first;
}

void Feed::complete(World& world) {
    if (!hardware_.readings.empty() || !hardware_.unassigned.empty()) {
        model::complete(world.snapshot, hardware_);
    }
}

void Feed::take_over(World& world) {
    complete(world);
    model::apply(options_.filter, world.snapshot);
    world.sums.clear();
    for (const model::Process& process : world.snapshot.processes) {
        world.sums.push_back(sums_of(process, world.trails));
    }
}

void Feed::take_over_changes(World& world, const std::vector<std::size_t>& processes) {
    complete(world);
    model::apply_to_devices(options_.filter, world.snapshot);
    for (const std::size_t i : processes) {
        refresh(world.sums[i], world.snapshot.processes[i]);
    }
}

void Feed::each_second(World& world, const State& state, std::uint64_t now) {
    world.trails.sample(world.snapshot,
                        static_cast<double>(now - last_second_ns_) / static_cast<double>(kSecond));
    last_second_ns_ = now;
    hardware_ = model::assign(sensors_.read(), options_.assignment);
    take_over(world);
    if (!source_) return;
    const std::uint64_t until = world.snapshot.time_unix_ns;
    world.history =
        model::read_history(source_->reader(), {model::Resolution::kCoarse, until, kHistoryPoints});
    if (state.view == View::kLeaks) read_growth(world);
    if (state.view == View::kDetail && world.detail && world.detail->image == state.opened) {
        world.detail->histograms = model::read_size_histograms(source_->reader(), state.opened);
    }
}

void Feed::read_growth(World& world) {
    world.growth = model::find_growth(source_->reader(), world.snapshot.time_unix_ns);
    std::erase_if(world.growth->growing, [this](const model::Growth& one) {
        return !options_.filter.wants_device(one.device) ||
               !options_.filter.wants_pool(one.pool_name);
    });
}

void Feed::read_detail(World& world, std::uint64_t image) {
    if (!world.detail || world.detail->image != image) world.detail.emplace().image = image;
    world.detail->histograms = model::read_size_histograms(source_->reader(), image);
    model::Snapshot one;
    one.time_unix_ns = world.snapshot.time_unix_ns;
    one.collector = world.snapshot.collector;
    if (const model::Process* process = find_process(world.snapshot, image)) {
        one.processes.push_back(*process);
    }
    work_.start(std::move(one), options_.filter, image);
}

bool Feed::take_buffers(World& world) {
    auto result = work_.take();
    if (!result) return false;
    detail_due_ns_ = model::monotonic_now_ns() + std::max(kSecond, result->took_ns * kDetailShare);
    if (!world.detail || world.detail->image != result->image) {
        detail_due_ns_ = 0;  // another one was opened meanwhile
        return false;
    }
    world.detail->buffers = std::move(result->buffers);
    return true;
}

bool Feed::look(World& world, const State& state) {
    bool changed = read_figures(world);
    const std::uint64_t now = model::monotonic_now_ns();
    if (now >= second_due_ns_) {
        second_due_ns_ = now + kSecond;
        each_second(world, state, now);
        changed = true;
    }
    changed = take_buffers(world) || changed;
    if (state.view != View::kLeaks) world.growth.reset();
    if (state.view == View::kLeaks && source_ && !world.growth) {
        read_growth(world);
        changed = true;
    }
    const bool is_new = !world.detail || world.detail->image != state.opened;
    if (state.view == View::kDetail && source_ && (is_new || now >= detail_due_ns_) &&
        !work_.is_busy()) {
        read_detail(world, state.opened);
        changed = true;
    }
    return changed;
}

}  // namespace tidemark::tui
