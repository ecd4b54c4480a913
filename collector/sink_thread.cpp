// SPDX-License-Identifier: Apache-2.0
#include "collector/sink_thread.hpp"

namespace tidemark::collector {

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
        const std::size_t count = queue.try_dequeue_bulk(consumer, batch.begin(), kSinkBatch);
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
    const bool in_leak_log = leak_log && (record.kind == SinkRecord::Kind::kLeak || is_end(record));
    if (event_log || in_leak_log || !followers.empty()) {
        line.clear();
        const bool is_leak = record.kind == SinkRecord::Kind::kLeak;
        append_event(line, record, is_leak ? sites.text(record.image, record.stack) : "null");
        event_log.append(line);
        if (in_leak_log) leak_log.append(line);
        for (const auto& follower : followers)
            follower->offer(record, line);
    }
    if (!is_end(record)) return;
    ended.push_back(record.image);
    sites.forget();
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

}  // namespace tidemark::collector
