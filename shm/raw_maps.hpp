// SPDX-License-Identifier: Apache-2.0
//
// The mappings of the calling process, line by line, from /proc/self/maps: raw system calls, no allocation, errno
// untouched, about a kilobyte of stack. A line that is not as the kernel writes it ends the reading.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark::shm {

struct Mapping {
    std::uint64_t begin, end, file_offset, inode;
    std::uint32_t device_major, device_minor;
    bool executable;
    bool path_fits;
    char path[432];  // empty: anonymous, or it doesn't fit
};

// One line of the file, without its end. False: it is none.
bool parse_mapping(const char* line, std::size_t size, Mapping& mapping) noexcept;

class MapsReader {
public:
    MapsReader() noexcept;
    ~MapsReader();
    MapsReader(const MapsReader&) = delete;
    MapsReader& operator=(const MapsReader&) = delete;

    // False at the end, and where the file can't be read.
    bool next(Mapping& mapping) noexcept;

private:
    int get() noexcept;  // -1 at the end

    int fd_;
    std::size_t at_ = 0, size_ = 0;
    char text_[512];
};

}  // namespace tidemark::shm
