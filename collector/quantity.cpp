// SPDX-License-Identifier: Apache-2.0
#include "collector/quantity.hpp"

#include <charconv>
#include <limits>

#include "collector/sink_record.hpp"
#include "tidemark/words.h"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint64_t kMaxGraceSeconds = std::uint64_t{10} * 366 * 86400;

std::optional<std::uint64_t> parse_base(std::string_view text, int base) noexcept {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value, base);
    if (problem != std::errc{} || stop != end) return std::nullopt;
    return value;
}

// Bits to shift for K, M, G, T; 0 for no unit; -1 for another letter.
int unit_shift(char letter) noexcept {
    switch (letter | 0x20) {
        case 'k':
            return 10;
        case 'm':
            return 20;
        case 'g':
            return 30;
        case 't':
            return 40;
        default:
            return letter >= '0' && letter <= '9' ? 0 : -1;
    }
}

// "25" of "0.25" is 250,000,000; digits beyond nine are refused.
std::optional<std::uint64_t> parse_fraction(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > 9) return std::nullopt;
    auto value = parse_base(digits, 10);
    for (std::size_t place = digits.size(); value && place < 9; ++place)
        *value *= 10;
    return value;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    return parse_base(text, 10);
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    if (text.empty()) return std::nullopt;
    if (text.size() > 2 && (text.back() | 0x20) == 'b' && unit_shift(text[text.size() - 2]) > 0) {
        text.remove_suffix(1);
    }
    const int shift = unit_shift(text.back());
    if (shift < 0) return std::nullopt;
    if (shift > 0) text.remove_suffix(1);
    const auto number = parse_base(text, 10);
    if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift)
        return std::nullopt;
    return *number << shift;
}

std::optional<std::uint64_t> parse_grace(std::string_view text) noexcept {
    if (text == "forever") return kUnknown;
    const std::size_t point = text.find('.');
    const auto seconds = parse_base(text.substr(0, point), 10);
    if (!seconds || *seconds > kMaxGraceSeconds) return std::nullopt;
    std::optional<std::uint64_t> fraction = 0;
    if (point != std::string_view::npos) fraction = parse_fraction(text.substr(point + 1));
    if (!fraction) return std::nullopt;
    return *seconds * kNanosecondsPerSecond + *fraction;
}

std::optional<std::uint32_t> parse_mode(std::string_view text) noexcept {
    const auto mode = parse_base(text, 8);
    if (!mode || (*mode & ~std::uint64_t{0644}) != 0 || (*mode & 0600) != 0600) return std::nullopt;
    return static_cast<std::uint32_t>(*mode);
}

std::optional<std::uint32_t> parse_device(std::string_view text) noexcept {
    if (text == "host") return TIDEMARK_DEVICE_HOST;
    const auto number = parse_base(text, 10);
    if (!number || *number >= TIDEMARK_DEVICE_HOST) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

}  // namespace tidemark::collector
