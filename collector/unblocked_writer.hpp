// SPDX-License-Identifier: Apache-2.0
//
// Writing that never waits: what a pipe, a terminal or a socket doesn't take at once is refused, for who logs must not
// hang because nobody reads.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace tidemark::collector {

class UnblockedWriter {
public:
    // The descriptor stays its caller's. O_NONBLOCK belongs to the open file, which others share: so a pipe or a
    // terminal is opened once more, where that is allowed.
    explicit UnblockedWriter(int descriptor);
    ~UnblockedWriter();
    UnblockedWriter(const UnblockedWriter&) = delete;
    UnblockedWriter& operator=(const UnblockedWriter&) = delete;

    // Any thread. As write(2), which may take less than all; -1 with EAGAIN: nothing now. A regular file is written as
    // it is: a disk may be slow, but it is not waited for anybody to read.
    ssize_t write(const char* bytes, std::size_t size) const noexcept;

private:
    enum class Kind { kOpenedAgain, kSocket, kPolled };

    int descriptor_;
    Kind kind_ = Kind::kPolled;
};

}  // namespace tidemark::collector
