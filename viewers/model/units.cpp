// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace tidemark::model {
namespace {

std::string two_units(std::uint64_t large, const char* large_name, std::uint64_t small,
                      const char* small_name) {
    std::string text = std::to_string(large) + " " + large_name;
    if (small != 0) {
        text += " " + std::to_string(small) + " " + small_name;
    }
    return text;
}

// The power of 1024 that a suffix stands for; nothing for a suffix that is no unit.
std::optional<int> unit_power(std::string_view suffix) {
    if (suffix.empty() || suffix == "B" || suffix == "b") {
        return 0;
    }
    const std::string_view rest = suffix.substr(1);
    if (!(rest.empty() || rest == "B" || rest == "b" || rest == "iB" || rest == "ib")) {
        return std::nullopt;
    }
    constexpr std::string_view kLower = "kmgt";
    constexpr std::string_view kUpper = "KMGT";
    auto at = kLower.find(suffix[0]);
    if (at == std::string_view::npos) {
        at = kUpper.find(suffix[0]);
    }
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    return static_cast<int>(at) + 1;
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
    if (bytes < 1024) {
        return std::to_string(bytes) + " B";
    }
    constexpr std::array<const char*, 6> kUnits = {"KB", "MB", "GB", "TB", "PB", "EB"};
    double value = static_cast<double>(bytes) / 1024.0;
    std::size_t unit = 0;
    // 1023.995 and above would print as 1024.00.
    while (value >= 1023.995 && unit + 1 < kUnits.size()) {
        value /= 1024.0;
        ++unit;
    }
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.2f %s", value, kUnits[unit]);
    return text.data();
}

std::string format_count(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, 1, ',');
    }
    return digits;
}

std::string format_duration(std::uint64_t milliseconds) {
    const std::uint64_t seconds = milliseconds / 1000;
    if (seconds < 10) {
        return std::to_string(seconds) + "." + std::to_string(milliseconds % 1000 / 100) + " s";
    }
    if (seconds < 60) {
        return std::to_string(seconds) + " s";
    }
    if (seconds < 3600) {
        return two_units(seconds / 60, "min", seconds % 60, "s");
    }
    if (seconds < 86400) {
        return two_units(seconds / 3600, "h", seconds % 3600 / 60, "min");
    }
    return two_units(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

std::string format_iso_time(std::uint64_t unix_ns) {
    const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
    std::tm local{};
    localtime_r(&seconds, &local);
    std::array<char, 32> date{};
    std::array<char, 8> offset{};
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &local);
    std::strftime(offset.data(), offset.size(), "%z", &local);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s.%03u%.3s:%.2s", date.data(),
                  static_cast<unsigned>(unix_ns / 1'000'000 % 1000), offset.data(),
                  offset.data() + 3);
    return text.data();
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto digits = text.find_first_not_of("0123456789.");
    const std::string_view number = text.substr(0, digits);
    std::string_view suffix =
        digits == std::string_view::npos ? std::string_view{} : text.substr(digits);
    if (!suffix.empty() && suffix.front() == ' ') {
        suffix.remove_prefix(1);
    }
    const auto power = unit_power(suffix);
    if (!power || number.empty()) {
        return std::nullopt;
    }
    if (const auto whole = parse_unsigned(number)) {
        const int shift = 10 * *power;
        return (*whole << shift) >> shift == *whole ? std::optional(*whole << shift) : std::nullopt;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size() || *power == 0) {
        return std::nullopt;
    }
    value = std::ldexp(value, 10 * *power);
    return value < 18446744073709551615.0 ? std::optional(static_cast<std::uint64_t>(value))
                                          : std::nullopt;
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace tidemark::model
