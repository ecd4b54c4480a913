// SPDX-License-Identifier: Apache-2.0
//
// Which device the sensors speak of, in their own numbering: that of the driver, which is not Tidemark's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::sensors {

enum class Kind { kTenstorrent, kNvidia, kHost };

struct Source {
    Kind kind = Kind::kHost;
    // /sys/class/tenstorrent/tenstorrent!<index>, or NVML's index; of the host 0.
    std::uint32_t index = 0;

    bool operator==(const Source&) const = default;
};

// "tenstorrent:0", "nvidia:1", "host".
std::string source_word(const Source& source);

// The reverse; nothing for what is none of them.
std::optional<Source> parse_source(std::string_view word);

}  // namespace tidemark::sensors
