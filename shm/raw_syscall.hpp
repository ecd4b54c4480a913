// SPDX-License-Identifier: Apache-2.0
//
// System calls without libc: no errno, no cancellation point, and no symbol that a preloaded library (our own malloc
// tracker among them) can stand in front of. Answers are the kernel's: a value, or -errno. Only what the producer
// side needs; the collector uses libc.
#pragma once

#include <cstdint>

#include <sys/syscall.h>

namespace tidemark::shm {

using Word = long;

#if defined(__x86_64__)

inline Word raw_syscall(long number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0,
                        Word f = 0) noexcept {
    Word result;
    register Word r10 __asm__("r10") = d;
    register Word r8 __asm__("r8") = e;
    register Word r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

inline Word raw_syscall(long number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0,
                        Word f = 0) noexcept {
    register Word x8 __asm__("x8") = number;
    register Word x0 __asm__("x0") = a;
    register Word x1 __asm__("x1") = b;
    register Word x2 __asm__("x2") = c;
    register Word x3 __asm__("x3") = d;
    register Word x4 __asm__("x4") = e;
    register Word x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
}

#else
#error "Tidemark's producer knows the system calls of x86-64 and AArch64 only"
#endif

template <typename T>
inline Word word(T* pointer) noexcept {
    return reinterpret_cast<Word>(pointer);
}

inline bool failed(Word result) noexcept { return result < 0 && result >= -4095; }

}  // namespace tidemark::shm
