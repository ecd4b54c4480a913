// SPDX-License-Identifier: Apache-2.0
//
// One collector per instance name: /dev/shm/tidemark.<instance>.lock, mode 0600, whose byte 0 carries the collector's
// open file description lock for as long as it lives. The kernel gives it back when the process ends, however it
// ends. The object also says who holds it, for --status and --stop; nothing is decided by that text but whom to ask.
#pragma once

#include <string>

#include "collector/instance_record.hpp"

namespace tidemark::collector {

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

}  // namespace tidemark::collector
