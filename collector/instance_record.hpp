// SPDX-License-Identifier: Apache-2.0
//
// Who holds an instance's lock (instance_lock.hpp): what the holder writes into the object, and looking at it from
// another process.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

namespace tidemark::collector {

std::string instance_lock_path(const std::string& instance);
// What is locked of it: byte 0, for writing.
struct flock instance_lock_range() noexcept;

// What the holder writes into the object.
struct InstanceRecord {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;    // field 22 of /proc/PID/stat: tells a reused pid
    std::uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid: a pid means nothing elsewhere
    std::uint64_t started_unix_ns = 0;
    bool ready = false;
    std::string control_socket;  // empty: none
    uid_t owner = 0;             // of the object that holds the record; not in its text
};

// The object's whole content, always of one size, so that one write replaces the record of a predecessor.
std::string record_text(const InstanceRecord& record);

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
// A pidfd of the process that wrote the record, -1 if that one is gone, in another pid namespace, or not of the
// record's owner.
int open_holder(const InstanceRecord& record);

}  // namespace tidemark::collector
