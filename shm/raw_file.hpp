// SPDX-License-Identifier: Apache-2.0
//
// Small files and small numbers without libc's stdio: what the producer reads of /proc and /sys, and how it spells
// names. Everything bounded, no allocation, errno untouched.
#pragma once

#include <cstddef>
#include <cstdint>

#include <fcntl.h>

#include "shm/raw_syscall.hpp"

namespace tidemark::shm {

inline int raw_open(const char* path, int flags, unsigned mode = 0) noexcept {
    return static_cast<int>(raw_syscall(SYS_openat, AT_FDCWD, word(path), flags, mode));
}

inline void raw_close(int fd) noexcept { raw_syscall(SYS_close, fd); }

// Reads from the file's start into `text`, at most capacity - 1 bytes, and ends them with NUL. Bytes read, 0 on error.
inline std::size_t read_small_file(const char* path, char* text, std::size_t capacity) noexcept {
    std::size_t size = 0;
    const int fd = raw_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0) {
        while (size + 1 < capacity) {
            const Word got = raw_syscall(SYS_read, fd, word(text + size),
                                         static_cast<Word>(capacity - 1 - size));
            if (got == -4 /* EINTR */) continue;
            if (got <= 0) break;
            size += static_cast<std::size_t>(got);
        }
        raw_close(fd);
    }
    text[size] = '\0';
    return size;
}

// Writes `text` at `to` and answers where it ended; the caller provides room.
inline char* put_text(char* to, const char* text) noexcept {
    while (*text != '\0')
        *to++ = *text++;
    *to = '\0';
    return to;
}

inline char* put_hex16(char* to, std::uint64_t value) noexcept {
    for (int shift = 60; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[(value >> shift) & 15u];
    *to = '\0';
    return to;
}

inline char* put_decimal(char* to, std::uint64_t value) noexcept {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        *to++ = digits[--count];
    *to = '\0';
    return to;
}

}  // namespace tidemark::shm
