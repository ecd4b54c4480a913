// SPDX-License-Identifier: Apache-2.0
//
// A runtime that writes down what the tracker tells it, in order, and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trace {

struct Entry {
    std::string what;  // "allocation", "free", "late free", "sandbox 0" ...
    const void* block;
    std::uint64_t size;
    std::uint64_t stamp;

    bool operator==(const Entry& other) const {
        return what == other.what && block == other.block && size == other.size;
    }
};

// What was told since the last call.
std::vector<Entry> taken();
// The clock: moves by one at each stamp() and at each record.
std::uint64_t now();
void set_tracking(bool on);

inline Entry allocation(const void* block, std::uint64_t size) {
    return {"allocation", block, size, 0};
}
inline Entry release(const void* block) { return {"free", block, 0, 0}; }
inline Entry late_release(const void* block) { return {"late free", block, 0, 0}; }

}  // namespace trace
