// SPDX-License-Identifier: Apache-2.0
//
// What tests see of rings that producers left in /dev/shm: found by their instance, read as a consumer would, removed
// at the end. No test waits for a fixed time; until() waits for a condition.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "shm/lane_reader.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::test {

struct RingView {
    std::string name;
    shm::RingHeader header{};
    shm::Declarations declarations{};
    std::vector<std::vector<shm::Event>>
        lanes;  // [2k] a thread's, [2k + 1] its handlers'; without links
    int faults = 0;

    std::uint64_t count(shm::Operation operation) const {
        std::uint64_t sum = 0;
        for (const auto& lane : lanes)
            for (const shm::Event& event : lane)
                sum += event.operation() == operation;
        return sum;
    }
    std::uint64_t allocations() const { return count(shm::Operation::kAllocation); }
    std::uint64_t frees() const { return count(shm::Operation::kFree); }
    std::uint64_t gaps() const { return count(shm::Operation::kGap); }
    std::uint64_t lost(int cause) const {
        return header.loss[cause].allocations + header.loss[cause].frees;
    }
    std::uint64_t lost() const {
        std::uint64_t sum = 0;
        for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause)
            sum += lost(cause);
        return sum;
    }
    std::uint64_t lanes_with_records() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < lanes.size(); i += 2)
            sum += !lanes[i].empty();
        return sum;
    }
};

class MappedRing {
public:
    explicit MappedRing(const std::string& name) {
        const int fd = open((shm::kShmDirectory + name).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        struct stat status {};
        if (fstat(fd, &status) == 0 && status.st_size > 8192) {
            size_ = static_cast<std::uint64_t>(status.st_size);
            void* at = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
            base_ = at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
        }
        close(fd);
    }
    ~MappedRing() {
        if (base_ != nullptr) munmap(base_, size_);
    }
    MappedRing(const MappedRing&) = delete;
    MappedRing& operator=(const MappedRing&) = delete;

    std::byte* base() const { return base_; }
    std::uint64_t size() const { return size_; }
    const shm::RingHeader& header() const {
        return *reinterpret_cast<const shm::RingHeader*>(base_);
    }

private:
    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
};

// What the ring wants, read rather than mapped: rings of other tests may be cut off at any moment.
inline std::string instance_of(const std::string& name) {
    shm::RingHeader header{};
    std::ifstream file(shm::kShmDirectory + name, std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return {};
    return {header.instance, strnlen(header.instance, sizeof header.instance)};
}

inline std::vector<std::string> ring_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(shm::kShmDirectory)) {
        const std::string name = entry.path().filename();
        if (name.rfind(shm::kRingPrefix, 0) == 0 || name.rfind(shm::kTemporaryPrefix, 0) == 0)
            names.push_back(name);
    }
    return names;
}

// Goes past what a collector took, through the links that lie there; what it took may be overwritten by now.
inline void skip_taken(shm::LaneReader& reader, const shm::Lane& lane) {
    shm::Event event;
    auto fault = TIDEMARK_QUARANTINE_NONE;
    while (reader.cursor.position < lane.tail && fault == TIDEMARK_QUARANTINE_NONE)
        reader.take(reader.cursor.position + 1, &event, 1, fault);
}

// Everything that the ring's lanes hold, or only what no collector gave back.
inline RingView view_of(const MappedRing& ring, const std::string& name, bool untaken = false) {
    RingView view;
    view.name = name;
    std::memcpy(static_cast<void*>(&view.header), ring.base(), sizeof view.header);
    std::memcpy(static_cast<void*>(&view.declarations), ring.base() + shm::kDeclarationsOffset,
                sizeof view.declarations);
    for (std::uint32_t i = 0; i < 2 * view.header.lanes_used; ++i) {
        shm::LaneReader reader(ring.base(), ring.size(), i);
        std::vector<shm::Event> events(2 * shm::kMostBlockEvents);
        auto fault = TIDEMARK_QUARANTINE_NONE;
        if (!reader.begin()) ++view.faults;
        const auto* lanes = reinterpret_cast<const shm::Lane*>(ring.base() + shm::kLanesOffset);
        if (untaken) skip_taken(reader, lanes[i]);
        const std::size_t taken = reader.take(reader.head(), events.data(), events.size(), fault);
        if (fault != TIDEMARK_QUARANTINE_NONE) ++view.faults;
        events.resize(taken);
        view.lanes.push_back(std::move(events));
    }
    return view;
}

// The rings that want this instance.
inline std::vector<RingView> read_rings(const std::string& instance, bool untaken = false) {
    std::vector<RingView> rings;
    for (const std::string& name : ring_names()) {
        if (name.rfind(shm::kRingPrefix, 0) != 0) continue;
        if (instance_of(name) != instance) continue;
        const MappedRing ring(name);
        if (ring.base() == nullptr) continue;
        rings.push_back(view_of(ring, name, untaken));
    }
    return rings;
}

inline const RingView* ring_of(const std::vector<RingView>& rings, int pid) {
    for (const RingView& ring : rings)
        if (ring.header.pid == pid) return &ring;
    return nullptr;
}

// Removes the rings of an instance at its end, also those of children that were killed.
class Instance {
public:
    explicit Instance(std::string name) : name_(std::move(name)) {}
    Instance() : Instance("producer-test-" + std::to_string(getpid()) + "-" + next()) {}
    ~Instance() { remove(); }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    const std::string& name() const { return name_; }
    std::vector<RingView> rings() const { return read_rings(name_); }
    void remove() const {
        for (const std::string& name : ring_names())
            if (instance_of(name) == name_) unlink((shm::kShmDirectory + name).c_str());
    }

private:
    static std::string next() {
        static int count = 0;
        return std::to_string(++count);
    }
    std::string name_;
};

// True while some mapping holds the producer's lock on the object.
inline bool producer_lock_is_held(const std::string& name) {
    const int fd = open((shm::kShmDirectory + name).c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = shm::kProducerLockByte;
    lock.l_len = 1;
    const bool asked = fcntl(fd, F_OFD_GETLK, &lock) == 0;
    close(fd);
    return asked && lock.l_type != F_UNLCK;
}

// Waits for a condition; false after a minute, which no working system needs.
template <typename Condition>
bool until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

struct Ended {
    int status = -1;
    int pid = -1;
    bool exited_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
    bool killed_by(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
};

using Environment = std::map<std::string, std::string>;

// Starts a program with tracking on for `instance`, and more or other variables. An empty value removes one.
inline int start_program(const std::vector<std::string>& arguments, const std::string& instance,
                         const Environment& more = {}) {
    Environment all{{"TIDEMARK_ENABLED", "1"}, {"TIDEMARK_INSTANCE", instance}};
    for (const auto& [name, value] : more)
        all[name] = value;
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const int pid = fork();
    if (pid != 0) return pid;
    for (const auto& [name, value] : all)
        if (value.empty())
            unsetenv(name.c_str());
        else
            setenv(name.c_str(), value.c_str(), 1);
    execv(argv[0], argv.data());
    _exit(126);
}

inline Ended wait_for(int pid) {
    Ended ended;
    ended.pid = pid;
    while (waitpid(pid, &ended.status, 0) < 0 && errno == EINTR) {
    }
    return ended;
}

inline Ended run_program(const std::vector<std::string>& arguments, const std::string& instance,
                         const Environment& more = {}) {
    return wait_for(start_program(arguments, instance, more));
}

inline std::string in_bin(const std::string& program) {
    const char* folder = getenv("TIDEMARK_BIN_DIR");
    return std::string(folder != nullptr ? folder : "bin") + "/" + program;
}

}  // namespace tidemark::test
