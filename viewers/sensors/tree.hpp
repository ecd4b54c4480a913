// SPDX-License-Identifier: Apache-2.0
//
// Small files of /sys and /proc, read as a stranger would that trusts none of them: bounded, never waiting, and what
// can't be read, or is not what it should be, is nothing. Another folder can stand in for the root of both (tests).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidemark::sensors {

class Tree {
public:
    // `root`: a folder that holds sys/ and proc/; empty: the real ones.
    explicit Tree(std::string root = {}) : root_(std::move(root)) {}

    const std::string& root() const { return root_; }

    // `path` begins with "/sys/" or "/proc/". The first 64 KiB of a plain file, with errno set where there is none:
    // ENODEV, ENODATA and EIO are what drivers answer for a device that is busy or gone.
    std::optional<std::string> read(const std::string& path) const;

    // The first line, without blanks at its ends; nothing if it is empty or longer than 255 bytes.
    std::optional<std::string> line(const std::string& path) const;

    // A file that holds one decimal number from `least` to `most` and nothing else. Drivers answer with sentinels such
    // as 2^32 - 1 for a chip that hangs: out of range is unknown.
    std::optional<std::int64_t> number(const std::string& path, std::int64_t least,
                                       std::int64_t most) const;

    // Names in a folder, sorted, at most 4096; none if it can't be read.
    std::vector<std::string> names(const std::string& path) const;

    // Where a link leads, as it is written; nothing if it is none.
    std::optional<std::string> link(const std::string& path) const;

private:
    std::string root_;
};

}  // namespace tidemark::sensors
