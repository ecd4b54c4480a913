// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/frame_stream.hpp"

#include <algorithm>
#include <iterator>

namespace tidemark::collector::gateway {
namespace {

// Smallest first: a larger frame seldom looks like several small ones (its second boundary would fall on a field that
// is 0 in what clients send), while several small ones often pass for the beginning of a larger one.
constexpr FrameVersion kBySize[] = {FrameVersion::kE, FrameVersion::kA, FrameVersion::kB,
                                    FrameVersion::kC, FrameVersion::kD};

}  // namespace

void FrameStream::add(std::span<const std::byte> bytes) {
    if (garbage_) return;
    bytes_.erase(bytes_.begin(), std::next(bytes_.begin(), static_cast<std::ptrdiff_t>(used_)));
    used_ = 0;
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    if (!version_) decide(false);
}

void FrameStream::quiet() {
    if (is_undecided()) decide(true);
}

// A known type and zero padding at the first two boundaries, and one process in their events.
bool FrameStream::fits(FrameVersion version) const noexcept {
    std::optional<std::int32_t> process;
    const std::size_t looked_at = std::min(pending(), 2 * size_of(version));
    for (auto left = rest().first(looked_at); !left.empty();) {
        if (!could_be(version, left)) return false;
        if (left.size() < size_of(version)) break;
        const Frame frame = decode(version, left);
        if (is_event(frame.type) && process.value_or(frame.process) != frame.process) return false;
        if (is_event(frame.type)) process = frame.process;
        left = left.subspan(size_of(version));
    }
    return true;
}

void FrameStream::decide(bool is_quiet) {
    const std::size_t count = pending();
    bool any = false;
    for (const FrameVersion version : kBySize) {
        if (!fits(version)) continue;
        any = true;
        const std::size_t size = size_of(version);
        if (count >= 2 * size || (is_quiet && count % size == 0)) {
            version_ = version;
            return;
        }
    }
    garbage_ = !any;
}

std::optional<Frame> FrameStream::next() {
    if (!version_ || garbage_ || pending() < size_of(*version_)) return std::nullopt;
    if (!could_be(*version_, rest())) {
        garbage_ = true;
        return std::nullopt;
    }
    const Frame frame = decode(*version_, rest());
    used_ += size_of(*version_);
    return frame;
}

}  // namespace tidemark::collector::gateway
