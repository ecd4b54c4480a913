// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/call_stack.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace tidemark::model {
namespace {

std::string hex(std::uint64_t value) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
    return text.data();
}

std::string_view base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool begins_with(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

// "app+0x1139", or "0x1139" alone. False if it is neither.
bool parse_place(std::string_view text, CallFrame& frame) {
    const auto plus = text.rfind("+0x");
    const bool alone = plus == std::string_view::npos;
    if (alone && !begins_with(text, "0x")) {
        return false;
    }
    const std::string_view digits = text.substr(alone ? 2 : plus + 3);
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, frame.offset, 16);
    if (read.ptr != end || digits.empty()) {
        return false;
    }
    frame.module = alone ? "" : text.substr(0, plus);
    return true;
}

// "leak_here at app.c:12", or the function alone.
void parse_function(std::string_view text, CallFrame& frame) {
    const auto at = text.rfind(" at ");
    const auto colon = text.rfind(':');
    std::uint32_t line = 0;
    if (at != std::string_view::npos && colon != std::string_view::npos && colon > at) {
        const auto* end = text.data() + text.size();
        if (std::from_chars(text.data() + colon + 1, end, line).ptr == end && line != 0) {
            frame.file = text.substr(at + 4, colon - at - 4);
            frame.line = line;
            text = text.substr(0, at);
        }
    }
    frame.function = text;
}

// Libraries that stand between a program and its allocator.
bool is_of_the_language(const CallFrame& frame) {
    const std::string_view module = base_name(frame.module);
    return begins_with(frame.function, "operator new") || begins_with(frame.function, "std::") ||
           begins_with(frame.function, "__gnu_cxx::") || begins_with(module, "libc.so") ||
           begins_with(module, "libstdc++.so") || begins_with(module, "ld-linux") ||
           begins_with(module, "libtidemark_malloc.so") || begins_with(frame.function, "tidemark_");
}

}  // namespace

std::string frame_text(const CallFrame& frame) {
    std::string place =
        frame.module.empty() ? hex(frame.offset) : frame.module + "+" + hex(frame.offset);
    if (frame.function.empty()) {
        return place;
    }
    const std::string line =
        frame.line == 0 ? "" : " at " + frame.file + ":" + std::to_string(frame.line);
    return frame.function + line + " (" + place + ")";
}

CallFrame parse_frame(std::string_view text) {
    CallFrame frame;
    // A module is a whole path; without one it is an address.
    const auto path = text.find(" (/");
    const auto open = path != std::string_view::npos ? path : text.rfind(" (");
    if (!text.empty() && text.back() == ')' && open != std::string_view::npos &&
        parse_place(text.substr(open + 2, text.size() - open - 3), frame)) {
        parse_function(text.substr(0, open), frame);
    } else if (!parse_place(text, frame)) {
        frame.function = text;
    }
    return frame;
}

std::string site_key(const CallStack& stack) {
    std::string key;
    for (CallFrame frame : stack.frames) {
        frame.offset = frame.line == 0 ? frame.offset : 0;
        key += frame_text(frame) + '\n';
    }
    return key;
}

const CallFrame* telling_frame(const CallStack& stack) {
    const auto told =
        std::find_if_not(stack.frames.begin(), stack.frames.end(), is_of_the_language);
    return told != stack.frames.end() ? &*told
           : stack.frames.empty()     ? nullptr
                                      : &stack.frames.front();
}

std::string short_text(const CallFrame& frame) {
    if (!frame.function.empty()) {
        const std::string line = frame.line == 0 ? ""
                                                 : " " + std::string(base_name(frame.file)) + ":" +
                                                       std::to_string(frame.line);
        return frame.function + line;
    }
    return frame.module.empty() ? hex(frame.offset)
                                : std::string(base_name(frame.module)) + "+" + hex(frame.offset);
}

}  // namespace tidemark::model
