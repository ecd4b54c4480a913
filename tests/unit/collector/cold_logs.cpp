// SPDX-License-Identifier: Apache-2.0
//
// Log files under bad conditions, and the text of each kind of event.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "collector/event_text.hpp"
#include "collector/log_file.hpp"
#include "collector/subscription.hpp"
#include "tidemark/stats_abi.h"
#include "tidemark/words.h"

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;
using Kind = SinkRecord::Kind;

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

Json text_of(const SinkRecord& record) {
    std::string line;
    append_event(line, record);
    CHECK(line.back() == '\n');
    return Json::parse(line);
}

TEST_CASE("each kind of event has the documented keys") {
    SinkRecord record{};
    record.kind = Kind::kFree;
    record.device = 3;
    record.image = 0x0123456789abcdef;
    record.sequence = 17;
    record.id = 4096;
    record.size = kUnknown;
    record.time_unix_ns = 1'700'000'000'123'456'789;
    record.age_ns = 2'500'000;
    record.pid = 321;
    std::strcpy(record.pool_name, "L1");
    CHECK(text_of(record) ==
          Json::parse(R"({"time_unix_ns":1700000000123456789,"op":"free","image":"0123456789abcdef",
        "sequence":17,"pid":321,"device":3,"pool":"L1","id":4096,"size":null})"));
    record.kind = Kind::kLeak;
    record.device = TIDEMARK_DEVICE_HOST;
    record.size = 100;
    CHECK(text_of(record)["age_ms"] == 2);
    CHECK(text_of(record)["device"] == "host");
    CHECK(text_of(record)["size"] == 100);
    record.kind = Kind::kExit;
    record.id = 2;
    CHECK(text_of(record) ==
          Json::parse(R"({"time_unix_ns":1700000000123456789,"op":"exit","image":"0123456789abcdef",
        "sequence":17,"pid":321,"left_bytes":100,"left_buffers":2,"ending":null})"));
    record.ending = TIDEMARK_ENDING_KILLED;
    record.ending_code = 9;
    CHECK(text_of(record).at("ending") == "killed");
    CHECK(text_of(record).at("signal") == 9);
    record.ending = TIDEMARK_ENDING_EXITED;
    record.ending_code = 3;
    CHECK(text_of(record).at("ending") == "exited");
    CHECK(text_of(record).at("exit_status") == 3);
    record.kind = Kind::kStart;
    CHECK(text_of(record).size() == 5);
}

TEST_CASE("a pool named with any bytes gives valid JSON") {
    SinkRecord record{};
    record.kind = Kind::kAllocation;
    std::memset(record.pool_name, 0xff, sizeof(record.pool_name));
    CHECK(text_of(record)["pool"].get<std::string>().size() == 3 * sizeof(record.pool_name));
    std::memcpy(record.pool_name, "a\"b\\c\n", 7);
    CHECK(text_of(record)["pool"] == "a\"b\\c\n");
}

TEST_CASE("a log file that is there is continued, one that is made is private") {
    const std::string path = "/tmp/tidemark-log-" + std::to_string(getpid());
    std::ofstream(path) << "before\n";
    std::string error;
    {
        LogFile log("event log");
        REQUIRE(log.open(path, error));
        log.append("after\n");
    }
    CHECK(content(path) == "before\nafter\n");
    unlink(path.c_str());
    LogFile log("event log");
    REQUIRE(log.open(path, error));
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    unlink(path.c_str());
}

TEST_CASE("lines that a full disk refuses are counted") {
    LogFile log("event log");
    std::string error;
    REQUIRE(log.open("/dev/full", error));
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i)
            log.append("line\n");
        log.flush();
    }
    CHECK(log.lost() == 30);
}

// The limit ends a write within a line, as a full disk does; then space is there again.
TEST_CASE("a torn line is ended and the lost ones are marked once there is space again") {
    const std::string path = "/tmp/tidemark-torn-" + std::to_string(getpid());
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        LogFile log("event log");
        std::string error;
        if (!log.open(path, error)) _exit(1);
        const rlimit small{12, RLIM_INFINITY};
        setrlimit(RLIMIT_FSIZE, &small);
        log.append("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
        log.flush();
        const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_FSIZE, &large);
        log.append("{\"a\":4}\n");
        log.flush();
        _exit(log.lost() == 2 ? 0 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(content(path) == "{\"a\":1}\n{\"a\"\n{\"op\":\"dropped\",\"count\":2}\n{\"a\":4}\n");
    unlink(path.c_str());
}

TEST_CASE("a pipe nobody reads is refused; one whose reader goes costs lines, not the process") {
    const std::string path = "/tmp/tidemark-fifo-" + std::to_string(getpid());
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    std::signal(SIGPIPE, SIG_IGN);
    std::string error;
    {
        LogFile log("event log");
        CHECK_FALSE(log.open(path, error));
        CHECK(error.find("nobody reads that pipe") != std::string::npos);
    }
    LogFile log("event log");
    const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
    REQUIRE(log.open(path, error));
    log.append("one\n");
    log.flush();
    CHECK(log.lost() == 0);
    close(reader);
    log.append("two\n");
    log.flush();
    CHECK(log.lost() == 1);
    unlink(path.c_str());
}

TEST_CASE(
    "a follower's text is bounded, and nothing is kept after what was dropped until that is told") {
    int wakes = 0;
    Subscription subscription({}, [&] { ++wakes; });
    const SinkRecord record{};
    const std::string line = std::string(1023, 'x') + "\n";
    for (int i = 0; i < 1100; ++i)
        subscription.offer(record, line);
    subscription.offer(record, "short\n");
    subscription.wake();
    subscription.wake();
    CHECK(wakes == 1);
    const std::string text = subscription.take();
    const std::string told = "{\"op\":\"dropped\",\"count\":77}\n";
    CHECK(text.size() == Subscription::kLimit + told.size());
    CHECK(text.substr(Subscription::kLimit) == told);
    subscription.offer(record, "short\n");
    subscription.wake();
    CHECK(wakes == 2);
    CHECK(subscription.take() == "short\n");
    CHECK(subscription.take().empty());
}

}  // namespace
}  // namespace tidemark::collector
