// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' text format 0.0.4: metrics with their HELP and TYPE once, labels escaped, one line a series. Knows
// nothing of what the metrics mean. One thread at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tidemark::exporter {

// Of an answer that carries such a text; without it Prometheus 3 refuses the scrape.
inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

// `device="0",pool="DRAM"`, as it stands between the braces. A label whose value is empty is left out: to Prometheus
// that is the same.
class Labels {
public:
    Labels() = default;
    Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);

    // `value` may hold any bytes: control characters and what is no UTF-8 are replaced, quotes escaped.
    void add(std::string_view name, std::string_view value);
    // What stands in `other` goes behind.
    void add(const Labels& other);

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

enum class Type { kCounter, kGauge };

// What happens where two things have the same labels, so that a series never stands there twice.
enum class Meeting { kSum, kHighest, kLowest };

// One metric: its name, unit included, and its series by labels.
class Metric {
public:
    using Value = std::variant<std::uint64_t, double>;

    Metric(std::string name, Type type, std::string help, Meeting meeting = Meeting::kSum)
        : name_(std::move(name)), help_(std::move(help)), type_(type), meeting_(meeting) {}

    // A double must be finite.
    void add(const Labels& labels, Value value);

    // HELP, TYPE and the series, in the order of their labels; nothing if there are none.
    void append_to(std::string& text) const;

private:
    std::string name_;
    std::string help_;
    Type type_;
    Meeting meeting_;
    std::map<std::string, Value, std::less<>> series_;
};

}  // namespace tidemark::exporter
