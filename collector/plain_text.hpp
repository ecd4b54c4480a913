// SPDX-License-Identifier: Apache-2.0
//
// Names that others chose (of programs, of files in /dev/shm) in lines that people read: what would move a cursor, change
// a colour or begin another line becomes '?'; in JSON, which may hold DEL and C1 controls as they are, an escape.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::collector {

namespace detail {

template <class Replace>
std::string replaced(std::string_view text, Replace replace) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        const bool is_c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // in UTF-8
        if (byte >= 0x20 && byte != 0x7F && !is_c1) {
            plain += text[i];
            continue;
        }
        plain += replace(is_c1 ? next : byte);
        if (is_c1) ++i;
    }
    return plain;
}

}  // namespace detail

inline std::string plain_text(std::string_view text) {
    return detail::replaced(text, [](unsigned char) { return std::string("?"); });
}

// Of one line of JSON.
inline std::string plain_json(std::string_view json) {
    return detail::replaced(json, [](unsigned char code) {
        constexpr char kDigits[] = "0123456789abcdef";
        return std::string("\\u00") + kDigits[code >> 4] + kDigits[code & 15];
    });
}

}  // namespace tidemark::collector
