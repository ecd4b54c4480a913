// SPDX-License-Identifier: Apache-2.0
//
// The table of `tidemark smi` as its tests make it: of a busy machine, with times, users and names that stay.
#pragma once

#include <doctest/doctest.h>

#include <clocale>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "unit/viewers/fake_collector.hpp"
#include "viewers/cli/smi_view.hpp"

namespace tidemark::test {

// Not a terminal, no colour: what a file gets.
inline const cli::Terminal& plain() {
    static const cli::Terminal terminal(-1, cli::ColorChoice::kNever, false);
    return terminal;
}

inline model::Snapshot busy() {
    FakeCollector collector("smi");
    a_busy_machine(collector);
    model::SourceOptions options;
    options.instance = collector.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    REQUIRE_MESSAGE(source.has_value(), error.text);
    model::Snapshot snapshot = source->read();
    snapshot.collector.instance = "test";
    snapshot.time_unix_ns = kStart;
    for (model::Process& process : snapshot.processes) {
        process.user = "ada";
    }
    return snapshot;
}

inline std::string smi(const model::Snapshot& snapshot, std::size_t width = 80,
                       const cli::Terminal& terminal = plain()) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    std::setlocale(LC_CTYPE, "C.UTF-8");
    ::setenv("LANG", "C.UTF-8", 1);
    return cli::smi_text(snapshot, {width, true, true}, terminal);
}

inline bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace tidemark::test
