// SPDX-License-Identifier: Apache-2.0
//
// Lines of /proc/self/maps: "begin-end rwxp offset major:minor inode   path".
#include "shm/raw_maps.hpp"

#include <string.h>

#include "shm/raw_file.hpp"

namespace tidemark::shm {
namespace {

constexpr std::size_t kFieldsMost = 128;  // of a line, before its path

// Takes a number of base 10 or 16 that ends with `end`.
const char* take(const char* at, std::uint64_t base, char end, std::uint64_t& number) noexcept {
    number = 0;
    const char* const begin = at;
    for (; at != nullptr; ++at) {
        const char c = *at;
        const auto digit = static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
        if ((c < '0' || c > '9') && (base == 10 || c < 'a' || c > 'f')) break;
        number = number * base + digit;
    }
    return at == nullptr || at == begin || *at != end ? nullptr : at + 1;
}

}  // namespace

bool parse_mapping(const char* line, std::size_t size, Mapping& mapping) noexcept {
    char fields[kFieldsMost + 1];
    const std::size_t kept = size < kFieldsMost ? size : kFieldsMost;
    memcpy(fields, line, kept);
    fields[kept] = '\0';
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    const char* at = take(fields, 16, '-', mapping.begin);
    if (at != nullptr) at = take(at, 16, ' ', mapping.end);
    if (at == nullptr || strnlen(at, 5) < 5) return false;
    mapping.executable = at[2] == 'x';
    at = take(at + 5, 16, ' ', mapping.file_offset);
    if (at != nullptr) at = take(at, 16, ':', major);
    if (at != nullptr) at = take(at, 16, ' ', minor);
    if (at == nullptr) return false;
    // The inode ends with blanks, or where the line of an anonymous mapping does.
    mapping.inode = 0;
    while (*at >= '0' && *at <= '9')
        mapping.inode = mapping.inode * 10 + static_cast<std::uint64_t>(*at++ - '0');
    while (*at == ' ')
        ++at;
    mapping.device_major = static_cast<std::uint32_t>(major);
    mapping.device_minor = static_cast<std::uint32_t>(minor);
    const auto path_at = static_cast<std::size_t>(at - fields);
    const std::size_t length = size - path_at;
    mapping.path_fits = length < sizeof mapping.path;
    const std::size_t copied = mapping.path_fits ? length : 0;
    memcpy(mapping.path, line + path_at, copied);
    mapping.path[copied] = '\0';
    return true;
}

MapsReader::MapsReader() noexcept
    : fd_(raw_open("/proc/self/maps", O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}

MapsReader::~MapsReader() {
    if (fd_ >= 0) raw_close(fd_);
}

int MapsReader::get() noexcept {
    if (at_ == size_) {
        Word got = 0;
        do
            got = fd_ < 0 ? 0 : raw_syscall(SYS_read, fd_, word(text_), sizeof text_);
        while (got == -4 /* EINTR */);
        if (got <= 0) return -1;
        at_ = 0;
        size_ = static_cast<std::size_t>(got);
    }
    return static_cast<unsigned char>(text_[at_++]);
}

bool MapsReader::next(Mapping& mapping) noexcept {
    char line[kFieldsMost + sizeof mapping.path];
    std::size_t size = 0;
    int c = get();
    for (; c >= 0 && c != '\n'; c = get())
        if (size < sizeof line) line[size++] = static_cast<char>(c);
    return size != 0 && parse_mapping(line, size, mapping);
}

}  // namespace tidemark::shm
