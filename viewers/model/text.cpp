// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/text.hpp"

#include <cstdint>
#include <cwchar>

namespace tidemark::model {
namespace {

struct Decoded {
    char32_t code = 0;
    std::size_t length = 1;
    bool valid = false;
};

// The smallest code point that each length may encode: shorter ones would be overlong.
constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};

Decoded decode(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) {
        return {first, 1, true};
    }
    const std::size_t length = first >= 0xF0 && first < 0xF5   ? 4
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xC2 && first < 0xE0 ? 2
                                                               : 0;
    if (length == 0 || text.size() < length) {
        return {};
    }
    char32_t code = first & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) {
            return {};
        }
        code = (code << 6) | (next & 0x3Fu);
    }
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return code < kLeast[length] || surrogate || code > 0x10FFFF ? Decoded{}
                                                                 : Decoded{code, length, true};
}

bool is_control(char32_t code) {
    const bool c0_c1 = code < 0x20 || (code >= 0x7F && code < 0xA0);
    // Marks that turn the direction of text, and line and paragraph separators.
    const bool format = (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
                        (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
    return c0_c1 || format;
}

std::size_t width(char32_t code) {
    // Most of what is shown: ASCII, and the characters of boxes and bars.
    if ((code >= 0x20 && code < 0x7F) || (code >= 0x2500 && code < 0x25A0)) {
        return 1;
    }
    const int columns = wcwidth(static_cast<wchar_t>(code));
    return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        if (!decoded.valid) {
            result += "\xEF\xBF\xBD";
        } else if (is_control(decoded.code)) {
            result += '?';
        } else {
            result += text.substr(0, decoded.length);
        }
        text.remove_prefix(decoded.length);
    }
    return result;
}

std::u32string code_points(std::string_view text) {
    std::u32string result;
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        result += !decoded.valid ? U'\uFFFD' : is_control(decoded.code) ? U'?' : decoded.code;
        text.remove_prefix(decoded.length);
    }
    return result;
}

std::size_t columns_of(char32_t code) { return code < 0x7F ? 1 : width(code); }

std::string ascii_only(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        const bool plain = decoded.valid && decoded.code < 0x7F && decoded.code >= 0x20;
        result += plain ? text[0] : '?';
        text.remove_prefix(decoded.length);
    }
    return result;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        columns += decoded.valid ? width(decoded.code) : 1;
        text.remove_prefix(decoded.length);
    }
    return columns;
}

std::string cut(std::string_view text, std::size_t columns, bool ascii) {
    if (columns_of(text) <= columns) {
        return std::string(text);
    }
    const std::string_view mark = ascii ? "..." : "…";
    const std::size_t mark_columns = ascii ? 3 : 1;
    if (columns < mark_columns) {
        return std::string(columns, '.');
    }
    std::string result;
    std::size_t used = 0;
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        used += decoded.valid ? width(decoded.code) : 1;
        if (used + mark_columns > columns) {
            break;
        }
        result += text.substr(0, decoded.length);
        text.remove_prefix(decoded.length);
    }
    return result + std::string(mark);
}

std::string without_raw_controls(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto byte = static_cast<unsigned char>(json[i]);
        const auto next = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
        const bool is_c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;
        if (byte != 0x7F && !is_c1) {
            out += json[i];
            continue;
        }
        constexpr char kDigits[] = "0123456789abcdef";
        const unsigned code = is_c1 ? next : byte;
        out += std::string("\\u00") + kDigits[code >> 4] + kDigits[code & 15];
        i += is_c1 ? 1 : 0;
    }
    return out;
}

}  // namespace tidemark::model
