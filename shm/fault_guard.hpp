// SPDX-License-Identifier: Apache-2.0
//
// Makes a shared mapping survive that its object was truncated by somebody else: the SIGBUS of a guarded range is
// answered by mapping a private zero page at the spot and marking the range, so the access reads zeros and goes on.
// For the collector's process only; a library must never own a signal.
#pragma once

#include <cstddef>

namespace tidemark::shm {

class FaultGuard {
public:
    // Installs the handler for the whole process. Once, before the first guarded access.
    static bool install() noexcept;

    // Guards [begin, begin + size); -1 if all places are taken. Any thread.
    static int add(const void* begin, std::size_t size) noexcept;
    // Any thread; before the range is unmapped.
    static void remove(int place) noexcept;
    // True once an access to the range met a page that is gone.
    static bool faulted(int place) noexcept;
};

}  // namespace tidemark::shm
