// SPDX-License-Identifier: Apache-2.0
#include "ring_counts.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "shm/ring_layout.hpp"

namespace ring_counts {

using namespace tidemark::shm;

namespace {

// A private copy of the object: it stays as it is while it is looked at.
std::vector<char> contents(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || fstat(fd, &status) != 0) return {};
    std::vector<char> bytes(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    // Holes are skipped: an object is mostly holes.
    for (off_t at = 0; (at = lseek(fd, at, SEEK_DATA)) >= 0;) {
        const off_t end = lseek(fd, at, SEEK_HOLE);
        const auto offset = static_cast<std::size_t>(at);
        const ssize_t got = pread(fd, &bytes[offset], static_cast<std::size_t>(end - at), at);
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
        at += got;
    }
    close(fd);
    if (done == 0) bytes.clear();
    return bytes;
}

class Walk {
public:
    Walk(const std::vector<char>& bytes, Image& image) : bytes_(bytes), image_(image) {}

    void lane(std::size_t number) {
        Lane lane;
        copy(lane, kLanesOffset + number * sizeof(Lane));
        if (lane.head == 0) return;
        if (lane.tail != 0) image_.problem = "was drained";
        ++image_.lanes;
        std::uint64_t block = lane.first_offset, capacity = lane.first_capacity;
        for (std::uint64_t i = 0; i < lane.head && image_.problem.empty(); ++i) {
            Event event;
            if (capacity == 0) return broken("a block without room");
            copy(event, block + (i % capacity) * sizeof(Event));
            if (event.operation() == Operation::kLink) {
                block = event.id;
                capacity = event.size();
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
    template <class Thing>
    void copy(Thing& thing, std::uint64_t offset) {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof thing) {
            thing = Thing{};
            return broken("an offset beyond the object");
        }
        std::memcpy(&thing, &bytes_[offset], sizeof thing);
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

    const std::vector<char>& bytes_;
    Image& image_;
    std::vector<Event> events_;
};

}  // namespace

Image read(const std::string& path) {
    Image image;
    image.path = path;
    const std::vector<char> bytes = contents(path);
    RingHeader header;
    if (bytes.size() < sizeof header) {
        image.problem = "could not be read";
        return image;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
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
    Walk walk(bytes, image);
    const std::uint32_t used = std::min(header.lanes_used, kMaxLanes);
    for (std::size_t lane = 0; lane < 2 * used; ++lane)
        walk.lane(lane);
    walk.account();
    return image;
}

}  // namespace ring_counts
