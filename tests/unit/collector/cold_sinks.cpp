// SPDX-License-Identifier: Apache-2.0
//
// The way from the drain thread to the logs: bounded, complete where there is room, counted where there is not.
#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "collector/sinks.hpp"

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;
using Kind = SinkRecord::Kind;

struct TemporaryFile {
    std::string path = "/tmp/tidemark-sinks-" + std::to_string(getpid()) + ".json";
    ~TemporaryFile() { unlink(path.c_str()); }
    std::vector<std::string> lines() const {
        std::vector<std::string> result;
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);)
            result.push_back(line);
        return result;
    }
};

SinkRecord record(Kind kind, std::uint64_t image, std::uint64_t sequence = 0) {
    SinkRecord result{};
    result.kind = kind;
    result.image = image;
    result.sequence = sequence;
    result.pid = 12;
    std::strcpy(result.pool_name, "DRAM");
    return result;
}

TEST_CASE("every event reaches the event log, in order, and stop waits for the last") {
    const TemporaryFile file;
    constexpr std::uint64_t kEvents = 200'000;
    Sinks sinks;
    std::string error;
    CHECK_FALSE(sinks.wants_events());
    REQUIRE_MESSAGE(sinks.open(file.path, "", error), error);
    CHECK(sinks.wants_events());
    CHECK(sinks.wants_leaks());
    std::atomic<std::uint64_t> rounds{0};
    sinks.start([&](const std::vector<std::uint64_t>& images) { rounds += images.size(); });
    std::thread drain([&] {
        for (std::uint64_t i = 0; i < kEvents; ++i) {
            // An end after each ten thousand, so that the queue goes round without running full.
            const bool end = i % 10'000 == 9'999;
            sinks.push(record(end ? Kind::kExit : Kind::kAllocation, 1, i));
            while (end && rounds < (i + 1) / 10'000)
                usleep(200);
        }
    });
    drain.join();
    sinks.stop();
    CHECK(sinks.dropped() == 0);
    std::uint64_t next = 0;
    for (const std::string& line : file.lines()) {
        const std::string wanted = "\"sequence\":" + std::to_string(next++) + ",";
        if (line.find(wanted) == std::string::npos) FAIL(line);
    }
    CHECK(next == kEvents);
}

TEST_CASE("a queue that is full drops and counts; it never grows and never waits") {
    Sinks sinks;  // not started: nobody takes anything out
    for (std::uint64_t i = 0; i < Sinks::kCapacity; ++i)
        sinks.push(record(Kind::kAllocation, 1, i));
    CHECK(sinks.dropped() <= 1024);  // the last block can't be filled while the first is not empty
    const std::uint64_t before = sinks.dropped();
    for (int i = 0; i < 5000; ++i)
        sinks.push(record(Kind::kAllocation, 1));
    CHECK(sinks.dropped() == before + 5000);
}

TEST_CASE("what was dropped is told in the log where it is missing") {
    const TemporaryFile file;
    Sinks sinks;
    std::string error;
    REQUIRE(sinks.open(file.path, "", error));
    constexpr std::uint64_t kPushed = Sinks::kCapacity + 5000;
    for (std::uint64_t i = 0; i < kPushed; ++i)
        sinks.push(record(Kind::kFree, 1, i));
    sinks.start({});
    sinks.stop();
    const std::vector<std::string> lines = file.lines();
    CHECK(Json::parse(lines.back())["op"] == "dropped");
    CHECK(Json::parse(lines.back())["count"] == sinks.dropped());
    CHECK(lines.size() - 1 + sinks.dropped() == kPushed);
}

TEST_CASE("the end of an image is told after its leaks, even when the queue was full") {
    const TemporaryFile file;
    Sinks sinks;
    std::string error;
    REQUIRE(sinks.open("", file.path, error));
    CHECK_FALSE(sinks.wants_events());
    CHECK(sinks.wants_leaks());
    for (std::uint64_t i = 0; i < Sinks::kCapacity + 100; ++i)
        sinks.push(record(Kind::kLeak, 5, i));
    sinks.push(record(Kind::kExit, 5));
    std::vector<std::uint64_t> recorded;
    std::size_t lines_then = 0;
    sinks.start([&](std::vector<std::uint64_t> images) {
        lines_then = file.lines().size();
        recorded.insert(recorded.end(), images.begin(), images.end());
    });
    sinks.stop();
    CHECK(recorded == std::vector<std::uint64_t>{5});
    const std::vector<std::string> lines = file.lines();
    CHECK(lines_then == lines.size());
    CHECK(Json::parse(lines.back())["op"] == "exit");
    CHECK(Json::parse(lines[lines.size() - 2])["op"] == "dropped");
    CHECK(Json::parse(lines[lines.size() - 2])["count"] == sinks.dropped());
}

TEST_CASE("without a leak log the ends are told at once, each once") {
    Sinks sinks;
    CHECK_FALSE(sinks.wants_leaks());
    std::atomic<int> count{0};
    std::multiset<std::uint64_t> seen;
    sinks.start([&](std::vector<std::uint64_t> images) {
        seen.insert(images.begin(), images.end());
        count += static_cast<int>(images.size());
    });
    for (std::uint64_t image = 1; image <= 100; ++image) {
        sinks.push(record(Kind::kStart, image));
        sinks.push(record(image % 2 == 0 ? Kind::kExit : Kind::kExec, image));
    }
    for (int i = 0; i < 30'000 && count < 100; ++i)
        usleep(1000);
    CHECK(count == 100);
    sinks.stop();
    for (std::uint64_t image = 1; image <= 100; ++image)
        CHECK(seen.count(image) == 1);
}

TEST_CASE("a full disk costs lines, not the drain: ends are still told") {
    Sinks sinks;
    std::string error;
    REQUIRE(sinks.open("", "/dev/full", error));
    std::vector<std::uint64_t> recorded;
    sinks.start([&](std::vector<std::uint64_t> images) { recorded = images; });
    sinks.push(record(Kind::kLeak, 9));
    sinks.push(record(Kind::kExit, 9));
    sinks.stop();
    CHECK(recorded == std::vector<std::uint64_t>{9});
}

TEST_CASE("a log that can't be opened is an error at start that names it") {
    Sinks sinks;
    std::string error;
    CHECK_FALSE(sinks.open("/nonexistent/events.json", "", error));
    CHECK(error.find("event log /nonexistent/events.json: No such file") != std::string::npos);
}

}  // namespace
}  // namespace tidemark::collector
