// SPDX-License-Identifier: Apache-2.0
//
// errno is the program's: what the heap does to it within one of our calls, also where it has no memory, is undone.
#pragma once

#include <cerrno>

namespace tidemark::monitor {

class ErrnoKept {
public:
    ErrnoKept() noexcept : kept_(errno) {}
    ~ErrnoKept() { errno = kept_; }
    ErrnoKept(const ErrnoKept&) = delete;
    ErrnoKept& operator=(const ErrnoKept&) = delete;

private:
    int kept_;
};

}  // namespace tidemark::monitor
