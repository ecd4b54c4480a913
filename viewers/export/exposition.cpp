// SPDX-License-Identifier: Apache-2.0
#include "viewers/export/exposition.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "viewers/model/text.hpp"

namespace tidemark::exporter {
namespace {

void append_escaped(std::string& text, std::string_view value, bool quotes) {
    for (const char c : value) {
        if (c == '\\' || (quotes && c == '"')) {
            text += '\\';
            text += c;
        } else if (c == '\n') {
            text += "\\n";
        } else {
            text += c;
        }
    }
}

void append_value(std::string& text, const Metric::Value& value) {
    std::array<char, 40> digits{};
    const auto end =
        std::visit([&](auto number) { return std::to_chars(digits.begin(), digits.end(), number); },
                   value)
            .ptr;
    text.append(digits.begin(), end);
}

// Integers stay exact as long as all parts are.
Metric::Value sum(const Metric::Value& a, const Metric::Value& b) {
    const auto* left = std::get_if<std::uint64_t>(&a);
    const auto* right = std::get_if<std::uint64_t>(&b);
    if (left != nullptr && right != nullptr) {
        return *left + *right;
    }
    const auto number = [](auto x) { return static_cast<double>(x); };
    return std::visit(number, a) + std::visit(number, b);
}

}  // namespace

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    for (const auto& [name, value] : pairs) {
        add(name, value);
    }
}

void Labels::add(std::string_view name, std::string_view value) {
    if (value.empty()) {
        return;
    }
    if (!text_.empty()) {
        text_ += ',';
    }
    text_.append(name).append("=\"");
    append_escaped(text_, model::printable(value), true);
    text_ += '"';
}

void Labels::add(const Labels& other) {
    if (!text_.empty() && !other.text_.empty()) {
        text_ += ',';
    }
    text_ += other.text_;
}

void Metric::add(const Labels& labels, Value value) {
    const auto [at, made] = series_.try_emplace(labels.text(), value);
    if (made) {
        return;
    }
    switch (meeting_) {
        case Meeting::kSum:
            at->second = sum(at->second, value);
            break;
        case Meeting::kHighest:
            at->second = std::max(at->second, value);
            break;
        case Meeting::kLowest:
            at->second = std::min(at->second, value);
            break;
    }
}

void Metric::append_to(std::string& text) const {
    if (series_.empty()) {
        return;
    }
    text.append("# HELP ").append(name_).append(" ");
    append_escaped(text, help_, false);
    text.append("\n# TYPE ")
        .append(name_)
        .append(type_ == Type::kCounter ? " counter\n" : " gauge\n");
    for (const auto& [labels, value] : series_) {
        text += name_;
        if (!labels.empty()) {
            text.append("{").append(labels).append("}");
        }
        text += ' ';
        append_value(text, value);
        text += '\n';
    }
}

}  // namespace tidemark::exporter
