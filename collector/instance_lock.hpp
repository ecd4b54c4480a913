// SPDX-License-Identifier: Apache-2.0
//
// One collector per instance name: /dev/shm/tidemark.<instance>.lock, mode 0600, whose byte 0 carries the collector's
// open file description lock for as long as it lives. The kernel gives it back when the process ends, however it
// ends. The object also says who holds it, for --status and --stop; nothing is decided by that text but whom to ask.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace tidemark::collector {

// What the holder writes into the object.
struct InstanceRecord {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;    // field 22 of /proc/PID/stat: tells a reused pid
    std::uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid: a pid means nothing elsewhere
    std::uint64_t started_unix_ns = 0;
    bool ready = false;
    std::string control_socket;  // empty: none
};

std::string instance_lock_path(const std::string& instance);

// Owned by the main thread. Not copied by fork in any useful way: take it in the process that keeps it.
class InstanceLock {
public:
    enum class Taken { kYes, kHeldByAnother, kFailed };

    InstanceLock() = default;
    ~InstanceLock();
    InstanceLock(const InstanceLock&) = delete;
    InstanceLock& operator=(const InstanceLock&) = delete;

    // Makes or opens the object and locks it. Never waits.
    [[nodiscard]] Taken take(const std::string& instance, std::string& error);
    [[nodiscard]] bool write(const InstanceRecord& record, std::string& error);
    // True while the object's name still leads to what is locked (somebody may have removed it).
    bool in_place() const noexcept;
    // Unlinks the object, if it is still ours. The lock is held until destruction.
    void remove() noexcept;

private:
    std::string path_;
    int descriptor_ = -1;
};

struct InstanceHolder {
    enum class State { kNone, kHeld, kUntold };  // kUntold: `error` says why it can't be told
    State state = State::kNone;
    InstanceRecord record;  // pid 0: the holder has not written it yet
    std::string error;
};

// Any process that may open the object: its owner and root.
InstanceHolder inspect_instance(const std::string& instance);

// Of the calling process, for its record.
InstanceRecord own_record();
// A pidfd of the process that wrote the record, -1 if that one is gone or in another pid namespace.
int open_holder(const InstanceRecord& record) noexcept;

}  // namespace tidemark::collector
