// SPDX-License-Identifier: Apache-2.0
//
// Tidemark's objects in shared memory: whose they are, who may write them, and which of them nobody will ever use
// again. Liveness is a lock on a byte of the object, held by the mapping of whoever uses it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "viewers/cli/doctor_check.hpp"

namespace tidemark::cli {

enum class ObjectKind { kRing, kTemporary, kInstance, kBell, kOther };

struct ShmObject {
    std::string name;  // below /dev/shm
    ObjectKind kind = ObjectKind::kOther;
    std::string instance;  // of kInstance
    std::string part;      // of kInstance: stats, lock, ledger, account.<image>
    uid_t uid = 0;
    mode_t mode = 0;
    std::uint64_t bytes = 0;      // of memory in use
    std::uint64_t age_ms = 0;     // since it was last changed in size, name or owner
    bool producer_lives = false;  // byte 0 is locked: a ring's program, a lock's collector
    bool consumer_lives = false;  // byte 1 is locked: a ring's collector
};

// Splits a name into kind, instance and part.
ShmObject classify(const std::string& name);

// Those in `folder` (/dev/shm), in order of name.
std::vector<ShmObject> list_objects(const std::string& folder);

// What nobody will use again: temporary objects that nobody locks, and all objects of a private instance whose
// collector is gone; with `instance`, all objects of that one if its collector is gone. With `rings`, rings of ended
// programs too that no collector has taken for a minute.
std::vector<ShmObject> stale_objects(const std::vector<ShmObject>& objects,
                                     const std::string& instance, bool rings);

std::vector<Check> check_objects(const std::vector<ShmObject>& objects);

// Removes them, as far as they are our own or we are root. Returns the names that are gone.
std::vector<std::string> remove_objects(const std::string& folder,
                                        const std::vector<ShmObject>& objects);

}  // namespace tidemark::cli
