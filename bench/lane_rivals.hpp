// SPDX-License-Identifier: Apache-2.0
//
// The queues that lane.cpp compares, each as `push` (one record, false: full), `pop` (up to `most`, how many came).
// One thread pushes, another pops. All hold 16384 records of 32 bytes (ConcurrentQueue: or a few more), none grows.
#pragma once

#include <sys/mman.h>

#include <concurrentqueue/concurrentqueue.h>
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

#ifdef TIDEMARK_BENCH_READERWRITERQUEUE
#include <readerwriterqueue/readerwriterqueue.h>
#endif

#include "shm/lane_reader.hpp"
#include "shm/lane_writer.hpp"

namespace tidemark::bench {

inline constexpr std::uint32_t kQueueRecords = 16384;

// A lane in private memory, in the same places as in a ring segment, with all of the reader's checks.
class TidemarkLane {
public:
    TidemarkLane() {
        void* const memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        base_ = static_cast<std::byte*>(memory);
        writer_.begin(base_, *reinterpret_cast<shm::Lane*>(base_ + shm::kLanesOffset),
                      shm::kBlocksOffset, kQueueRecords, 3);
        reader_ = new (reader_memory_) shm::LaneReader(base_, kSize, 0);
        reader_->cursor.block_offset = shm::kBlocksOffset;
        reader_->cursor.capacity = kQueueRecords;
    }
    ~TidemarkLane() { munmap(base_, kSize); }
    TidemarkLane(const TidemarkLane&) = delete;
    TidemarkLane& operator=(const TidemarkLane&) = delete;

    bool push(const shm::Event& event) {
        const std::uint64_t head = writer_.head();
        if (__builtin_expect(!writer_.has_room(head), 0)) {
            writer_.allow(head, kQueueRecords - writer_.look(head));
            if (!writer_.has_room(head)) return false;
        }
        writer_.append(head, event);
        return true;
    }
    std::size_t pop(shm::Event* out, std::size_t most) {
        tidemark_quarantine fault = TIDEMARK_QUARANTINE_NONE;
        const std::uint64_t head = reader_->head();
        if (!reader_->head_is_possible(head)) return 0;
        const std::size_t taken = reader_->take(head, out, most, fault);
        reader_->release_space(reader_->cursor.position);
        return taken;
    }

private:
    static constexpr std::uint64_t kSize =
        shm::kBlocksOffset + std::uint64_t{kQueueRecords} * sizeof(shm::Event);
    std::byte* base_ = nullptr;
    alignas(128) shm::LaneWriter writer_{};
    alignas(128) std::byte reader_memory_[sizeof(shm::LaneReader)];
    shm::LaneReader* reader_ = nullptr;
};

class BoostSpscQueue {
public:
    bool push(const shm::Event& event) { return queue_.push(event); }
    std::size_t pop(shm::Event* out, std::size_t most) { return queue_.pop(out, most); }

private:
    boost::lockfree::spsc_queue<shm::Event, boost::lockfree::capacity<kQueueRecords>> queue_;
};

class MoodycamelConcurrentQueue {
public:
    bool push(const shm::Event& event) { return queue_.try_enqueue(producer_, event); }
    std::size_t pop(shm::Event* out, std::size_t most) {
        return queue_.try_dequeue_bulk(consumer_, out, most);
    }

private:
    moodycamel::ConcurrentQueue<shm::Event> queue_{kQueueRecords, 1, 1};
    moodycamel::ProducerToken producer_{queue_};
    moodycamel::ConsumerToken consumer_{queue_};
};

#ifdef TIDEMARK_BENCH_READERWRITERQUEUE
class MoodycamelReaderWriterQueue {
public:
    bool push(const shm::Event& event) { return queue_.try_enqueue(event); }
    std::size_t pop(shm::Event* out, std::size_t most) {
        std::size_t taken = 0;
        while (taken < most && queue_.try_dequeue(out[taken]))
            ++taken;
        return taken;
    }

private:
    moodycamel::ReaderWriterQueue<shm::Event> queue_{kQueueRecords};
};
#endif

}  // namespace tidemark::bench
