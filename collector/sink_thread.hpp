// SPDX-License-Identifier: Apache-2.0
//
// What stands behind Sinks: the queue between the drain thread and the sink thread, and what each of the two owns.
// Included by sinks.cpp and sink_thread.cpp only.
#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "collector/call_site_text.hpp"
#include "collector/log_file.hpp"
#include "collector/sinks.hpp"

namespace tidemark::collector {

inline constexpr std::size_t kSinkBatch = 256;

// try_enqueue takes no block beyond those made at first, so these are the bound.
struct BoundedTraits : moodycamel::ConcurrentQueueDefaultTraits {
    static constexpr std::size_t BLOCK_SIZE = 1024;
    static constexpr std::size_t EXPLICIT_INITIAL_INDEX_SIZE = Sinks::kCapacity / BLOCK_SIZE;
};
using BoundedQueue = moodycamel::ConcurrentQueue<SinkRecord, BoundedTraits>;
using EndQueue = moodycamel::ConcurrentQueue<SinkRecord>;

inline bool is_end(const SinkRecord& record) {
    return record.kind == SinkRecord::Kind::kExit || record.kind == SinkRecord::Kind::kExec;
}

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
    std::vector<SinkRecord> batch = std::vector<SinkRecord>(kSinkBatch);
    std::vector<std::shared_ptr<Subscription>> followers;
    std::string line;
    CallSiteTexts sites{""};
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

}  // namespace tidemark::collector
