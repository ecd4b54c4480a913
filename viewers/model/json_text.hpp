// SPDX-License-Identifier: Apache-2.0
//
// JSON written field by field into a string, in one line: for what is written by the thousand, where a tree of values
// costs ten times as much. Text that needs more than quotes goes through the library. One thread.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::model {

class JsonText {
public:
    // Appends to `out`, which outlives it.
    explicit JsonText(std::string& out) : out_(out) {}

    // '{' or '[', and '}' or ']'.
    void open(char bracket) {
        separate();
        out_ += bracket;
    }
    void close(char bracket) { out_ += bracket; }

    // `name` is ours: it needs no escapes.
    JsonText& key(std::string_view name) {
        separate();
        ((out_ += '"') += name) += "\":";
        return *this;
    }
    template <class T>
    void field(std::string_view name, const T& value) {
        key(name).put(value);
    }
    // An entry of a list.
    template <class T>
    void entry(const T& value) {
        separate();
        put(value);
    }

private:
    // What was written last says whether something stands before the next one.
    void separate() {
        const char last = out_.empty() ? '{' : out_.back();
        if (last != '{' && last != '[' && last != ':') out_ += ',';
    }

    void put(std::nullptr_t) { out_ += "null"; }
    void put(bool value) { out_ += value ? "true" : "false"; }
    void put(std::string_view text);
    void put(const char* text) { put(std::string_view(text)); }
    void put(const std::string& text) { put(std::string_view(text)); }
    void put(std::integral auto value) {
        char digits[24];
        out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        value ? put(*value) : put(nullptr);
    }

    std::string& out_;
};

}  // namespace tidemark::model
