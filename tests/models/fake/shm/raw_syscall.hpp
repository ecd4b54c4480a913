// SPDX-License-Identifier: Apache-2.0
//
// Stands in for shm/raw_syscall.hpp where models are compiled: what the producer asks of the kernel, the model answers.
#pragma once

#include <cstdint>

#include <sys/syscall.h>

namespace tidemark::shm {

using Word = long;

// models/kernel.cpp. Anything that it doesn't know fails with ENOSYS.
Word raw_syscall(long number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0,
                 Word f = 0) noexcept;

template <typename T>
inline Word word(T* pointer) noexcept {
    return reinterpret_cast<Word>(pointer);
}

inline bool failed(Word result) noexcept { return result < 0 && result >= -4095; }

}  // namespace tidemark::shm
