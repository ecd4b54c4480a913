// SPDX-License-Identifier: Apache-2.0
//
// The flags that every verb understands, once: their spelling, their values and what those mean. A verb that has no use
// for one says so instead of ignoring it (require_format, refuse_watching).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viewers/cli/parser.hpp"
#include "viewers/model/filter.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {

enum class ColorChoice { kAuto, kAlways, kNever };

// As typed.
struct RawOptions {
    std::vector<std::string> devices, pids, users, pools;
    bool watch = false;
    std::optional<std::string> watch_seconds, refresh_ms, count, format, output, color, instance,
        trust_uid;
    bool once = false, json = false, csv = false;
    bool noheader = false, nounits = false, force = false, ascii = false;

    void add_to(OptionSet& set);
};

// Checked.
struct Options {
    model::Filter filter;
    bool watching = false;
    bool is_paced = false;  // any of -w, -r, -n, -1 was given
    std::uint64_t refresh_ms = 1000;
    std::optional<std::uint64_t> count;  // of tables, or of events
    std::string format;                  // empty: the verb's own
    bool header = true;
    bool units = true;
    std::optional<std::string> output;
    bool force = false;
    ColorChoice color = ColorChoice::kAuto;
    bool ascii = false;
    model::SourceOptions source;
};

// Throws Failure(kUsage) that names the flag and what it takes.
Options check(const RawOptions& raw);

// The format asked for, or `fallback`; a usage error if the verb has it not.
std::string require_format(const Options& options, std::string_view verb, std::string_view fallback,
                           std::initializer_list<std::string_view> offered);

// For verbs that show one moment.
void refuse_watching(const Options& options, std::string_view verb);

// A size on the command line; `flag` for the message.
std::uint64_t size_value(std::string_view flag, const std::string& text);

// A whole number on the command line.
std::uint64_t whole_value(std::string_view flag, const std::string& text);

}  // namespace tidemark::cli
