// SPDX-License-Identifier: Apache-2.0
//
// From a connection's bytes to frames. The version is nowhere stated: it is found once a connection, from a run of
// bytes that only one version explains, or from a whole frame after which nothing more comes for a while.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "collector/gateway/frame.hpp"

namespace tidemark::collector::gateway {

class FrameStream {
public:
    // What came, in the order in which it came, cut anywhere.
    void add(std::span<const std::byte> bytes);
    // Nothing came for a while: what is there may be whole frames.
    void quiet();

    // The next whole frame, if its version is known and it is there. Not after is_garbage().
    std::optional<Frame> next();

    // Nothing that any version explains; the connection is of no more use.
    bool is_garbage() const noexcept { return garbage_; }
    std::optional<FrameVersion> version() const noexcept { return version_; }
    // Bytes that are not part of a frame yet.
    std::size_t pending() const noexcept { return bytes_.size() - used_; }
    bool is_undecided() const noexcept { return !version_ && !garbage_ && pending() != 0; }

private:
    bool fits(FrameVersion version) const noexcept;
    void decide(bool is_quiet);
    std::span<const std::byte> rest() const noexcept { return std::span(bytes_).subspan(used_); }

    std::vector<std::byte> bytes_;
    std::size_t used_ = 0;
    std::optional<FrameVersion> version_;
    bool garbage_ = false;
};

}  // namespace tidemark::collector::gateway
