// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/target.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace tidemark::web {
namespace {

// Calls `part` with each piece between separators, also empty ones; false as soon as it does not like one.
template <typename Part>
bool for_each_part(std::string_view text, char separator, Part part) {
    while (true) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (!part(text.substr(0, end))) {
            return false;
        }
        if (end == text.size()) {
            return true;
        }
        text.remove_prefix(end + 1);
    }
}

// Takes "http://host:port" off an absolute target; false if it names no host.
bool take_authority(std::string_view& text, std::string& authority) {
    constexpr std::string_view kScheme = "http://";
    if (text.size() < kScheme.size() ||
        ::strncasecmp(text.data(), kScheme.data(), kScheme.size()) != 0) {
        return true;
    }
    text.remove_prefix(kScheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    authority = text.substr(0, end);
    text.remove_prefix(end);
    return !authority.empty();
}

bool parse_parameters(std::string_view text, Target& target) {
    return for_each_part(text, '&', [&](std::string_view pair) {
        if (pair.empty()) {
            return true;
        }
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decoded(pair.substr(0, equals), true);
        auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) {
            return false;
        }
        target.parameters.emplace_back(std::move(*name), std::move(*value));
        return true;
    });
}

bool parse_path(std::string_view text, Target& target) {
    return for_each_part(text.substr(1), '/', [&](std::string_view segment) {
        auto decoded = percent_decoded(segment, false);
        if (!decoded) {
            return false;
        }
        target.path += '/' + *decoded;
        target.segments.push_back(std::move(*decoded));
        return true;
    });
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool form) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && form) {
            decoded += ' ';
        } else if (text[i] == '%') {
            unsigned value = 0;
            const std::string_view digits = text.substr(i + 1, 2);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
            if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2 ||
                value == 0) {
                return std::nullopt;
            }
            decoded += static_cast<char>(value);
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::optional<std::string> Target::parameter(std::string_view name) const {
    const auto at = std::find_if(parameters.rbegin(), parameters.rend(),
                                 [&](const auto& parameter) { return parameter.first == name; });
    return at == parameters.rend() ? std::nullopt : std::optional(at->second);
}

bool has_broken_escape(std::string_view text) {
    for (std::size_t at = text.find('%'); at != std::string_view::npos;
         at = text.find('%', at + 1)) {
        if (!percent_decoded(text.substr(at, 3), false)) {
            return true;
        }
    }
    return false;
}

std::optional<Target> parse_target(std::string_view text) {
    const bool printable = std::all_of(text.begin(), text.end(), [](unsigned char byte) {
        return byte > 0x20 && byte < 0x7f && byte != '#';
    });
    Target target;
    if (!take_authority(text, target.authority)) {
        return std::nullopt;
    }
    const bool bare = !target.authority.empty() && !text.starts_with('/');  // "http://host?x=1"
    if (!printable || !(bare || text.starts_with('/'))) {
        return std::nullopt;
    }
    const std::size_t mark = std::min(text.find('?'), text.size());
    if (!parse_path(bare ? "/" : text.substr(0, mark), target) ||
        !parse_parameters(text.substr(std::min(mark + 1, text.size())), target)) {
        return std::nullopt;
    }
    return target;
}

}  // namespace tidemark::web
