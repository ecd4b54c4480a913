// SPDX-License-Identifier: Apache-2.0
//
// This user's bell page as a test looks at it. Only in a /dev/shm of the test's own is it nobody else's.
#pragma once

#include <unistd.h>

#include <fstream>
#include <string>

#include "shm/ring_layout.hpp"

namespace tidemark::test {

inline std::string bell_path() { return "/dev/shm/tidemark.bell." + std::to_string(geteuid()); }

// A user whose first collector this is has no bell page; others lose theirs, and get another at their next start.
inline void forget_bell_page() { unlink(bell_path().c_str()); }

// What the instance's collector does just now, by the page: shm::kAsleep is waiting until its rings tell of news.
inline std::uint32_t waiting_of(const std::string& instance) {
    shm::BellPage page{};
    std::ifstream(bell_path(), std::ios::binary).read(reinterpret_cast<char*>(&page), sizeof page);
    for (const auto& slot : page.slots)
        if (instance == slot.instance) return slot.waiting;
    return shm::kNotWaiting;
}

}  // namespace tidemark::test
