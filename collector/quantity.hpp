// SPDX-License-Identifier: Apache-2.0
//
// What a person writes for a number: sizes, durations, modes, device ids. Shared by the command line and the
// configuration file, so that both accept the same words. Pure functions; nullopt: not understood or out of range.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemark::collector {

// Decimal digits only, no sign.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

// Bytes: "4096", "64K", "12G", "12GB"; K, M, G, T are 1024-based, in either case.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// Nanoseconds from seconds: "60", "0.25"; "forever" is kUnknown. At most ten years.
std::optional<std::uint64_t> parse_grace(std::string_view text) noexcept;

// Octal, "0644" or "644": permission bits without execution, which the owner may read and write.
std::optional<std::uint32_t> parse_mode(std::string_view text) noexcept;

// "host" or 0 .. 65534.
std::optional<std::uint32_t> parse_device(std::string_view text) noexcept;

}  // namespace tidemark::collector
