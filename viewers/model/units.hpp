// SPDX-License-Identifier: Apache-2.0
//
// Sizes, counts and durations as people write and read them. Sizes are 1024-based, as in the older tools
// ("450.00 MB"). Not for JSON and CSV: those carry plain integers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::model {

// "0 B", "512 B", "1.20 KB", "450.00 MB", "12.00 GB", ...
std::string format_bytes(std::uint64_t bytes);

// "1,234,567"
std::string format_count(std::uint64_t count);

// A span of time in its two largest units: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
std::string format_duration(std::uint64_t milliseconds);

// Local wall-clock time with offset, ISO 8601: "2031-04-05T14:03:22.125+02:00".
std::string format_iso_time(std::uint64_t unix_ns);

// Bytes, or with K, M, G, T (optionally followed by B or iB), any case, all 1024-based; a decimal fraction is
// allowed with a unit. Nothing for what is not a size or does not fit 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Decimal digits only. Nothing for anything else, or for what does not fit.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

}  // namespace tidemark::model
