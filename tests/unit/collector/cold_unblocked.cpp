// SPDX-License-Identifier: Apache-2.0
//
// Logging where nobody reads: it is refused, counted, told once and never waited for.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "collector/log.hpp"
#include "collector/repeated_notice.hpp"
#include "collector/system_log.hpp"
#include "collector/unblocked_writer.hpp"

namespace tidemark::collector {
namespace {

struct Pipe {
    Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
    ~Pipe() {
        close(ends[0]);
        close(ends[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    // All that is there, which is less than what a pipe holds.
    std::string read_all() const {
        std::string text(1 << 20, '\0');
        const ssize_t size = read(ends[0], text.data(), text.size());
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return text;
    }
    int ends[2] = {-1, -1};
};

// Until nothing is taken; how much was.
std::size_t fill(const UnblockedWriter& writer) {
    const std::string page(4096, '.');
    std::size_t taken = 0;
    for (ssize_t size = 0; (size = writer.write(page.data(), page.size())) > 0;)
        taken += static_cast<std::size_t>(size);
    CHECK(errno == EAGAIN);
    return taken;
}

TEST_CASE("a pipe and a socket that nobody reads take what they hold, then nothing, at once") {
    const Pipe pipe;
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    for (const int end : {pipe.ends[1], pair[1]}) {
        const UnblockedWriter writer(end);
        CHECK(fill(writer) > 4096);
        // What others do with the same file is not changed.
        CHECK((fcntl(end, F_GETFL) & O_NONBLOCK) == 0);
    }
    close(pair[0]);
    close(pair[1]);
}

TEST_CASE("log lines that nobody takes are counted by the next that is taken") {
    const Pipe pipe;
    const int kept = dup(STDERR_FILENO);
    REQUIRE(dup2(pipe.ends[1], STDERR_FILENO) == STDERR_FILENO);
    log_configure(LogTarget::kStandardError, LogLevel::kNotice);
    fill(UnblockedWriter(pipe.ends[1]));
    for (int i = 0; i < 3; ++i)
        log_notice("nobody reads this");
    (void)pipe.read_all();
    log_notice("somebody is back");
    const std::string text = pipe.read_all();
    dup2(kept, STDERR_FILENO);
    close(kept);
    log_configure(LogTarget::kStandardError, LogLevel::kNotice);
    CHECK(text ==
          "tidemarkd: warning: 3 lines were lost: nobody took them\ntidemarkd: somebody is back\n");
}

TEST_CASE("a system log that hangs costs lines, not time; one that comes back is found") {
    const std::string path = "/tmp/tidemark-system-log-" + std::to_string(getpid());
    SystemLog log(path);
    CHECK_FALSE(log.send(29, "nobody is there"));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    const int reader = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(reader, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(log.send(29, "hello"));
    char message[256] = "";
    CHECK(recv(reader, message, sizeof message - 1, 0) > 0);
    const std::string text = message;
    CHECK(text.rfind("<29>", 0) == 0);
    CHECK(text.find(" tidemarkd[" + std::to_string(getpid()) + "]: hello") != std::string::npos);
    int taken = 0;
    while (log.send(29, "more"))
        ++taken;
    CHECK(taken > 0);
    close(reader);
    unlink(path.c_str());
}

TEST_CASE("a line that is told again and again is told once, and then counted") {
    EventLoop loop;
    std::string error;
    REQUIRE(loop.open(error));
    std::vector<std::string> told;
    {
        RepeatedNotice notice(
            loop, "were refused", [&](const std::string& line) { told.push_back(line); },
            std::chrono::milliseconds{1});
        notice.tell("first");
        notice.tell("second");
        notice.tell("third");
        CHECK(told == std::vector<std::string>{"first"});
        // Two intervals: one with something to count, one without; then it is told at once again.
        const std::function<void()> look = [&] {
            if (told.size() < 2) {
                loop.after(std::chrono::milliseconds{1}, look);
                return;
            }
            loop.after(std::chrono::milliseconds{10}, [&] { loop.stop(); });
        };
        look();
        loop.run();
        CHECK(told.back() == "2 more were refused since, the last: third");
        notice.tell("fourth");
        CHECK(told.back() == "fourth");
        notice.tell("fifth");
    }
    CHECK(told.back() == "1 more were refused since, the last: fifth");
    CHECK(told.size() == 4);
}

}  // namespace
}  // namespace tidemark::collector
