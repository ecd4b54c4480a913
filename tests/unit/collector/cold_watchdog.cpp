// SPDX-License-Identifier: Apache-2.0
//
// The watchdog of a service manager: it hears of the collector while the drain thread answers, and no longer.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "collector/watchdog.hpp"

namespace tidemark::collector {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Stands for the service manager.
class Manager {
public:
    Manager() : path_("/tmp/tidemark-watchdog." + std::to_string(getpid())) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
        unlink(path_.c_str());
        REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
        setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    ~Manager() {
        unsetenv("NOTIFY_SOCKET");
        close(socket_);
        unlink(path_.c_str());
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    // Messages that came since the last call; each must be the watchdog's.
    int heard() const {
        char text[64];
        int count = 0;
        for (ssize_t size; (size = recv(socket_, text, sizeof(text), MSG_DONTWAIT)) > 0; ++count)
            CHECK(std::string(text, static_cast<std::size_t>(size)) == "WATCHDOG=1");
        return count;
    }

private:
    std::string path_;
    int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST_CASE("the service manager hears nothing more once the drain thread does not answer") {
    Manager manager;
    EventLoop loop;
    std::string error;
    REQUIRE_MESSAGE(loop.open(error), error);
    int asked = 0;
    std::function<void()> unanswered;
    Watchdog watchdog(loop, [&](std::function<void()> answer) {
        if (++asked <= 3) return answer();
        unanswered = std::move(answer);
        loop.after(milliseconds(20), [&] { loop.stop(); });  // ten times as long as it pauses
    });
    watchdog.start(microseconds(4000));
    loop.run();
    CHECK(asked == 4);  // one question at a time
    CHECK(manager.heard() == 3);

    unanswered();  // it was only slow
    loop.after(milliseconds(0), [&] { loop.stop(); });
    loop.run();
    CHECK(manager.heard() >= 1);
}

TEST_CASE("only the process that the service manager watches answers it") {
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    CHECK(watchdog_period() == microseconds(0));
    setenv("WATCHDOG_USEC", "30000000", 1);
    CHECK(watchdog_period() == microseconds(30000000));
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    CHECK(watchdog_period() == microseconds(30000000));
    setenv("WATCHDOG_PID", "1", 1);
    CHECK(watchdog_period() == microseconds(0));
    unsetenv("WATCHDOG_PID");
    for (const char* nonsense : {"", "soon", "-5", "0", "12x"}) {
        setenv("WATCHDOG_USEC", nonsense, 1);
        CHECK(watchdog_period() == microseconds(0));
    }
    unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace tidemark::collector
