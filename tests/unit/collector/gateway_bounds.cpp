// SPDX-License-Identifier: Apache-2.0
//
// The gateway's bounds: shares of what is scarce, who is meant by a pid, and what is left unread at its end.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "collector/gateway/gateway.hpp"
#include "shm/identity_raw.hpp"
#include "shm/ring_layout.hpp"
#include "tests/process/older_frames.hpp"
#include "tests/unit/collector/fake_door.hpp"

using namespace tidemark::collector;
using namespace tidemark::collector::gateway;
namespace older = tidemark::test::older;

namespace {

constexpr uid_t kOne = 100'001, kOther = 100'002;  // nobody's

// A ring of this process that a gateway wrote, and its name.
std::pair<std::string, tidemark::shm::RingHeader> own_ring() {
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        const std::string path = entry.path();
        if (path.find(tidemark::shm::kRingPrefix) == std::string::npos) continue;
        tidemark::shm::RingHeader header{};
        std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&header), sizeof header);
        if (header.pid == getpid() && header.origin == TIDEMARK_ORIGIN_SOCKET)
            return {path, header};
    }
    return {};
}

int connected_to(const std::string& path) {
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    REQUIRE(connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return descriptor;
}

void send_events(int descriptor, std::uint64_t from, std::uint64_t count) {
    older::Bytes bytes;
    for (std::uint64_t i = 0; i < count; ++i)
        older::append(bytes,
                      older::frame(112, older::kAllocation, 0, 10, 0, getpid(), from + i, 1));
    REQUIRE(send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
}

}  // namespace

TEST_CASE("one user has a quarter at most, root what is left, and what is given back is there") {
    Shares shares(8);
    CHECK(shares.take(kOne));
    CHECK(shares.take(kOne));
    CHECK_FALSE(shares.take(kOne));
    CHECK(shares.take(kOther));
    for (int i = 0; i < 5; ++i)
        CHECK(shares.take(0));
    CHECK_FALSE(shares.take(0));
    CHECK_FALSE(shares.take(kOther));
    shares.give_back(kOne, 2);
    CHECK(shares.taken() == 6);
    CHECK(shares.take(kOther));
    CHECK_FALSE(shares.take(kOther));
}

TEST_CASE("the process at the other end is known by more than its number, also when it is gone") {
    int pair[2];
    // The credentials are those of who made the pair.
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    const Peer self = peer_of(pair[0]);
    CHECK(self.pid == getpid());
    CHECK(self.start_ticks == tidemark::shm::read_start_ticks(getpid()));
    CHECK(self.program != 0);
    CHECK(looked_at_again(self).program == self.program);
    close(pair[0]);
    close(pair[1]);
    // A child that connects and is gone when it is looked at.
    const std::string path = "/tmp/tidemark-peer-" + std::to_string(getpid());
    std::string error;
    ControlSocket listening;
    REQUIRE(listening.open(path, error));
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 2; ++i)
            (void)connected_to(path);
        _exit(0);
    }
    siginfo_t ended{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
    const int first = accept(listening.descriptor(), nullptr, nullptr);
    const Peer zombie = peer_of(first);
    CHECK(zombie.start_ticks != 0);
    REQUIRE(waitpid(child, nullptr, 0) == child);
    const int second = accept(listening.descriptor(), nullptr, nullptr);
    const Peer gone = peer_of(second);
    CHECK(gone.pid == child);
    CHECK(gone.start_ticks == 0);
    if (gone.serial != 0) CHECK(gone.serial == zombie.serial);
    close(first);
    close(second);
}

TEST_CASE("what a gateway could not read at its end is counted as lost") {
    EventLoop loop;
    std::string error;
    REQUIRE(loop.open(error));
    FakeDoor door(loop);
    GatewaySettings settings;
    settings.instance = "gateway-bounds-" + std::to_string(getpid());
    settings.path = "/tmp/tidemark-" + settings.instance;
    settings.log = ClientLog::Level::kSilent;
    settings.last_words = {};  // no time to read anything
    Gateway gateway(loop, door, settings);
    REQUIRE(gateway.open(error));
    const int client = connected_to(settings.path);
    send_events(client, 0, 2);
    const std::function<void()> look = [&] {
        if (own_ring().first.empty())
            loop.after(std::chrono::milliseconds{1}, look);
        else
            loop.stop();
    };
    look();
    loop.run();
    const std::string ring = own_ring().first;
    send_events(client, 10, 7);
    gateway.close();
    CHECK(own_ring().second.loss[TIDEMARK_LOSS_FULL].allocations == 7);
    unlink(ring.c_str());
    close(client);
}
