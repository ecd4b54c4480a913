// SPDX-License-Identifier: Apache-2.0
#include "ring_counts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "shm/ring_layout.hpp"

namespace ring_counts {

using namespace tidemark::shm;

namespace {

// Reads pieces: an object is mostly holes, and mapping it would fill those that are looked at.
class Object {
public:
    explicit Object(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~Object() {
        if (fd_ >= 0) close(fd_);
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    bool get(void* to, std::size_t bytes, std::uint64_t offset) const {
        return pread(fd_, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
    }

private:
    int fd_;
};

class Walk {
public:
    Walk(const Object& object, Image& image) : object_(object), image_(image) {}

    void lane(std::size_t number) {
        Lane lane;
        if (!object_.get(&lane, sizeof lane, kLanesOffset + number * sizeof(Lane))) {
            return broken("its lanes are cut off");
        }
        if (lane.head == 0) return;
        if (lane.tail != 0) return broken("was drained");
        ++image_.lanes;
        enter(lane.first_offset, lane.first_capacity);
        for (std::uint64_t i = 0; i < lane.head && image_.problem.empty(); ++i) {
            const Event event = block_[i % block_.size()];
            if (event.operation() == Operation::kLink) {
                enter(event.id, event.size());
            } else {
                take(event, number % 2 == 1);
            }
        }
    }

    // In the order of stamps; within a lane they never fall.
    void account() {
        std::stable_sort(events_.begin(), events_.end(),
                         [](const Event& a, const Event& b) { return a.stamp < b.stamp; });
        std::unordered_map<std::uint64_t, std::uint64_t> live;
        for (const Event& event : events_) {
            const auto found = live.find(event.id);
            if (found != live.end()) image_.live_bytes -= found->second;
            if (event.operation() == Operation::kAllocation) {
                image_.duplicates += found != live.end();
                live[event.id] = event.size();
                image_.live_bytes += event.size();
                image_.peak_bytes = std::max(image_.peak_bytes, image_.live_bytes);
            } else if (found != live.end()) {
                live.erase(found);
            } else {
                ++image_.unknown_frees;
            }
        }
        image_.live = live.size();
    }

private:
    void enter(std::uint64_t offset, std::uint64_t capacity) {
        block_.assign(1, Event{});
        if (capacity == 0 || capacity > kLargestBlock) return broken("a block of no possible size");
        block_.resize(capacity);
        if (!object_.get(block_.data(), capacity * sizeof(Event), offset)) {
            broken("a block beyond the object");
        }
    }

    void take(const Event& event, bool in_handler) {
        if (event.operation() == Operation::kGap) {
            ++image_.gaps;
            return;
        }
        if (event.operation() == Operation::kAllocation) {
            ++image_.allocations;
            image_.bytes += event.size();
        } else if (event.operation() == Operation::kFree) {
            ++image_.frees;
            image_.late_frees += (event.flags() & kFlagLate) != 0;
        } else {
            return broken("a record that nobody wrote");
        }
        image_.handler_events += in_handler;
        events_.push_back(event);
    }

    void broken(const char* why) { image_.problem = why; }

    static constexpr std::uint64_t kLargestBlock = kMostBlockEvents;

    const Object& object_;
    Image& image_;
    std::vector<Event> block_;
    std::vector<Event> events_;
};

}  // namespace

Image read(const std::string& path) {
    Image image;
    image.path = path;
    const Object object(path);
    RingHeader header;
    if (!object.get(&header, sizeof header, 0)) {
        image.problem = "could not be read";
        return image;
    }
    if (header.magic != kRingMagic || header.lanes_offset != kLanesOffset) {
        image.problem = "is no ring segment of this version";
        return image;
    }
    image.image = header.image;
    image.parent_image = header.parent_image;
    image.pid = header.pid;
    image.parent_pid = header.parent_pid;
    image.name.assign(header.name, strnlen(header.name, sizeof header.name));
    image.command.assign(header.command, strnlen(header.command, sizeof header.command));
    static_assert(sizeof image.lost == sizeof header.loss);
    std::memcpy(image.lost, header.loss, sizeof image.lost);
    Walk walk(object, image);
    const std::uint32_t used = std::min(header.lanes_used, kMaxLanes);
    for (std::size_t lane = 0; lane < 2 * used; ++lane)
        walk.lane(lane);
    walk.account();
    return image;
}

}  // namespace ring_counts
