// SPDX-License-Identifier: Apache-2.0
//
// Cells, graphs, settings, trails, and the signal that meets nobody but its process.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clocale>
#include <filesystem>
#include <fstream>

#include "viewers/tui/process_signal.hpp"
#include "viewers/tui/settings.hpp"
#include "viewers/tui/trails.hpp"
#include "viewers/tui/widgets.hpp"

using namespace tidemark;

TEST_CASE("text is cut at the edge, wide characters stay whole, control characters become marks") {
    std::setlocale(LC_CTYPE, "C.UTF-8");  // as the program does, for the width of characters
    tui::Screen screen({6, 1});
    CHECK(screen.put(0, 0, "a\x1b漢字x") == 6);
    CHECK(screen.text() == "a?漢字\n");
    CHECK(screen.put(5, 0, "漢") == 5);
    screen.put(0, 5, "outside");
}

TEST_CASE("a bar shows something for something, and full for full alone") {
    CHECK(tui::bar(0.0, 6, false)[1].text == "    ");
    CHECK(tui::bar(0.0001, 6, false)[1].text == "▏   ");
    CHECK(tui::bar(0.9999, 6, false)[1].text == "███▉");
    CHECK(tui::bar(1.0, 6, true)[1].text == "####");
    CHECK(tui::bar(std::nullopt, 6, true)[1].text == "    ");
}

TEST_CASE("a graph leaves blank what is unknown, and marks 0") {
    CHECK(tui::graph({0, std::nullopt, 4, 8}, 4, 1, false)[0] == "▁ ▄█");
    CHECK(tui::graph({10, 12}, 2, 1, true, 10)[0] == "_#");
    CHECK(tui::graph({}, 3, 1, false)[0] == "   ");
}

TEST_CASE("settings survive, and a bad file gives the defaults with a notice") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("tidemark-tui-" + std::to_string(::getpid()));
    const std::string path = folder / "tidemark" / "top.json";
    tui::Settings settings;
    settings.columns = {tui::Column::kPid, tui::Column::kCommand};
    settings.tree = true;
    CHECK(tui::write_settings(path, settings).empty());
    std::string notice;
    CHECK(tui::read_settings(path, notice) == settings);
    CHECK(notice.empty());
    for (const char* bad :
         {"", "{", "[]", R"({"columns":["pid","pid"],"sort":"pid","descending":true,"tree":true})",
          R"({"columns":["colour"],"sort":"pid","descending":true,"tree":true})"}) {
        std::ofstream(path) << bad;
        notice.clear();
        CHECK(tui::read_settings(path, notice) == tui::Settings());
        CHECK(notice.find("defaults are used") != std::string::npos);
    }
    CHECK(std::distance(std::filesystem::directory_iterator(folder / "tidemark"), {}) == 1);
    std::filesystem::remove_all(folder);
}

TEST_CASE("a rate needs two looks, and a collector that lives between them") {
    model::Snapshot snapshot;
    snapshot.collector.state = model::CollectorState::kRunning;
    snapshot.devices.emplace_back().pools.push_back({});
    snapshot.devices[0].pools[0].total_allocated = 100;
    tui::Trails trails;
    trails.sample(snapshot, 1);
    CHECK_FALSE(trails.bytes_per_second({}).has_value());
    snapshot.devices[0].pools[0].total_allocated = 300;
    trails.sample(snapshot, 2);
    CHECK(trails.bytes_per_second({}) == 100u);
    snapshot.collector.state = model::CollectorState::kStalled;
    trails.sample(snapshot, 1);
    CHECK_FALSE(trails.bytes_per_second({}).has_value());
    snapshot.collector.state = model::CollectorState::kRunning;
    trails.sample(snapshot, 1);
    CHECK_FALSE(trails.bytes_per_second({}).has_value());
}

TEST_CASE("a trail is as long as the time that was watched, however rarely") {
    model::Snapshot snapshot;
    snapshot.collector.state = model::CollectorState::kRunning;
    snapshot.devices.emplace_back().pools.push_back({});
    tui::Trails trails;
    for (const double seconds : {1.0, 5.0, 5.0, 60.0})
        trails.sample(snapshot, seconds);
    CHECK(trails.find({})->samples == 4);
    CHECK(tui::milliseconds(*trails.find({})) == 70'000);
}

TEST_CASE("a long trail stays short, and keeps its beginning") {
    model::Snapshot snapshot;
    snapshot.collector.state = model::CollectorState::kRunning;
    snapshot.devices.emplace_back().pools.push_back({});
    tui::Trails trails;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        snapshot.devices[0].pools[0].live = i;
        trails.sample(snapshot, 1);
    }
    const tui::Trail& trail = *trails.find({});
    CHECK(trail.samples == 2000);
    CHECK(trail.seconds == 1999);
    CHECK(trail.live.size() <= tui::Trails::kMostSamples);
    CHECK(trail.live.front() == 0);
    for (std::size_t i = 1; i < trail.live.size(); ++i)
        CHECK(trail.live[i] - trail.live[i - 1] == trail.every);
}

TEST_CASE("a signal reaches the process with that start, and no other") {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    const auto start = tui::start_ticks_of(child);
    REQUIRE(start.has_value());
    CHECK(tui::send_signal(child, *start + 1, SIGKILL).find("another process") !=
          std::string::npos);
    CHECK_FALSE(tui::send_signal(child, 0, SIGKILL).empty());
    CHECK(::kill(child, 0) == 0);
    CHECK(tui::send_signal(child, *start, SIGKILL).empty());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WTERMSIG(status) == SIGKILL);
    CHECK(tui::send_signal(child, *start, SIGTERM).find("ended") != std::string::npos);
}
