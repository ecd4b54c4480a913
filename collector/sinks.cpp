// SPDX-License-Identifier: Apache-2.0
#include "collector/sinks.hpp"

#include "collector/sink_thread.hpp"

namespace tidemark::collector {
namespace {

bool is_event(const SinkRecord& record) {
    return record.kind == SinkRecord::Kind::kAllocation || record.kind == SinkRecord::Kind::kFree;
}

}  // namespace

Sinks::Sinks() : parts_(std::make_unique<Parts>()) {}

Sinks::~Sinks() { stop(); }

bool Sinks::open(const std::string& event_log, const std::string& leak_log, std::string& error) {
    Parts& parts = *parts_;
    if (!leak_log.empty() && !parts.leak_log.open(leak_log, error)) return false;
    if (!event_log.empty() && !parts.event_log.open(event_log, error)) return false;
    if (parts.event_log) ++parts.events_wanted;
    if (parts.event_log || parts.leak_log) ++parts.leaks_wanted;
    return true;
}

void Sinks::start(LeaksRecorded leaks_recorded, const std::string& instance) {
    parts_->sites = CallSiteTexts(instance);
    parts_->leaks_recorded = std::move(leaks_recorded);
    parts_->thread = std::thread([parts = parts_.get()] { parts->work(); });
}

void Sinks::stop() {
    if (!parts_->thread.joinable()) return;
    parts_->stopping = true;
    parts_->news.signal();
    parts_->thread.join();
}

bool Sinks::wants_events() const noexcept {
    return parts_->events_wanted.load(std::memory_order_relaxed) > 0;
}

bool Sinks::wants_leaks() const noexcept {
    return parts_->leaks_wanted.load(std::memory_order_relaxed) > 0;
}

void Sinks::push(const SinkRecord& record) noexcept {
    Parts& parts = *parts_;
    if (parts.queue.try_enqueue(parts.producer, record) ||
        (is_end(record) && parts.late_ends.enqueue(parts.late_producer, record))) {
        parts.news.signal();
        return;
    }
    (is_event(record) ? parts.dropped_events : parts.dropped_reports).fetch_add(1);
}

std::uint64_t Sinks::dropped() const noexcept {
    return parts_->dropped_events.load() + parts_->dropped_reports.load();
}

void Sinks::subscribe(std::shared_ptr<Subscription> subscription) {
    const std::lock_guard lock(parts_->mutex);
    parts_->subscriptions.push_back(std::move(subscription));
    ++parts_->events_wanted;
    ++parts_->leaks_wanted;
}

void Sinks::unsubscribe(const std::shared_ptr<Subscription>& subscription) {
    const std::lock_guard lock(parts_->mutex);
    if (std::erase(parts_->subscriptions, subscription) == 0) return;
    --parts_->events_wanted;
    --parts_->leaks_wanted;
}

}  // namespace tidemark::collector
