// SPDX-License-Identifier: Apache-2.0
#include "collector/sinks.hpp"

#include <concurrentqueue/concurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "collector/log_file.hpp"

namespace tidemark::collector {
namespace {

using Kind = SinkRecord::Kind;

constexpr std::size_t kBatch = 256;

// try_enqueue takes no block beyond those made at first, so these are the bound.
struct BoundedTraits : moodycamel::ConcurrentQueueDefaultTraits {
    static constexpr std::size_t BLOCK_SIZE = 1024;
    static constexpr std::size_t EXPLICIT_INITIAL_INDEX_SIZE = Sinks::kCapacity / BLOCK_SIZE;
};
using BoundedQueue = moodycamel::ConcurrentQueue<SinkRecord, BoundedTraits>;
using EndQueue = moodycamel::ConcurrentQueue<SinkRecord>;

bool is_end(const SinkRecord& record) {
    return record.kind == Kind::kExit || record.kind == Kind::kExec;
}

bool is_event(const SinkRecord& record) {
    return record.kind == Kind::kAllocation || record.kind == Kind::kFree;
}

}  // namespace

struct Sinks::Parts {
    BoundedQueue queue{kCapacity};
    moodycamel::ProducerToken producer{queue};
    moodycamel::ConsumerToken consumer{queue};
    // Ends of images that found the queue full: few, and an account waits for each, so they must arrive.
    EndQueue late_ends;
    moodycamel::ProducerToken late_producer{late_ends};
    moodycamel::ConsumerToken late_consumer{late_ends};
    moodycamel::LightweightSemaphore news{0, 0};
    std::atomic<std::uint64_t> dropped_events{0};
    std::atomic<std::uint64_t> dropped_reports{0};  // leaks, starts
    std::atomic<int> events_wanted{0};              // by how many
    std::atomic<int> leaks_wanted{0};
    std::atomic<bool> stopping{false};

    std::mutex mutex;
    std::vector<std::shared_ptr<Subscription>> subscriptions;  // under mutex

    // The sink thread's own, below.
    LogFile event_log{"event log"};
    LogFile leak_log{"leak log"};
    LeaksRecorded leaks_recorded;
    std::vector<SinkRecord> batch = std::vector<SinkRecord>(kBatch);
    std::vector<std::shared_ptr<Subscription>> followers;
    std::string line;
    std::vector<std::uint64_t> ended;
    std::uint64_t told_events = 0;
    std::uint64_t told_reports = 0;
    std::thread thread;

    void work();
    bool work_off();
    void handle(const SinkRecord& record);
    void tell_dropped();
    void finish_round();
};

void Sinks::Parts::work() {
    while (true) {
        const bool last = stopping.load();
        while (work_off()) {
        }
        if (last) return;
        news.waitMany(1 << 30);
    }
}

// Late ends are taken first and handled last: whatever their images pushed before them was in the bounded queue by
// then, and is handled in between. True: there is more.
bool Sinks::Parts::work_off() {
    {
        const std::lock_guard lock(mutex);
        followers = subscriptions;
    }
    std::vector<SinkRecord> late(late_ends.size_approx());
    late.resize(late_ends.try_dequeue_bulk(late_consumer, late.begin(), late.size()));
    std::size_t done = 0;
    while (done < kCapacity) {
        const std::size_t count = queue.try_dequeue_bulk(consumer, batch.begin(), kBatch);
        if (count == 0) break;
        for (std::size_t i = 0; i < count; ++i)
            handle(batch[i]);
        done += count;
    }
    tell_dropped();
    for (const SinkRecord& record : late)
        handle(record);
    finish_round();
    return done >= kCapacity || late_ends.size_approx() > 0;
}

void Sinks::Parts::handle(const SinkRecord& record) {
    const bool in_leak_log = leak_log && (record.kind == Kind::kLeak || is_end(record));
    if (event_log || in_leak_log || !followers.empty()) {
        line.clear();
        append_event(line, record);
        event_log.append(line);
        if (in_leak_log) leak_log.append(line);
        for (const auto& follower : followers)
            follower->offer(record, line);
    }
    if (is_end(record)) ended.push_back(record.image);
}

void Sinks::Parts::tell_dropped() {
    const std::uint64_t reports = dropped_reports.load() - told_reports;
    const std::uint64_t all = dropped_events.load() - told_events + reports;
    if (all == 0) return;
    told_reports += reports;
    told_events += all - reports;
    line.clear();
    append_dropped(line, all);
    event_log.append(line);
    for (const auto& follower : followers)
        follower->lost(all);
    if (reports == 0) return;
    line.clear();
    append_dropped(line, reports);
    leak_log.append(line);
}

void Sinks::Parts::finish_round() {
    event_log.flush();
    leak_log.flush();
    for (const auto& follower : followers)
        follower->wake();
    followers.clear();
    if (ended.empty()) return;
    if (leaks_recorded) leaks_recorded(ended);
    ended.clear();
}

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

void Sinks::start(LeaksRecorded leaks_recorded) {
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
