// SPDX-License-Identifier: Apache-2.0
//
// older_client <socket> <frame bytes>: a program with the older client in it. Does what its standard input says, a line
// at a time, and answers each with one line.
//
//   connect | disconnect
//   alloc DEVICE POOL ID SIZE | free DEVICE ID [SIZE]
//   cb DEVICE ID SIZE | cbfree DEVICE ID SIZE | kernel DEVICE ID SIZE | unload DEVICE ID SIZE
//   own DEVICE POOL ID SIZE        an allocation through its own ring
//   many DEVICE COUNT              allocations of 10 bytes in one stream, ids from 1000
//   exec                           the same program again in place of itself, its socket still open
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/process/older_frames.hpp"
#include "tidemark/producer.h"

namespace {

using namespace tidemark::test;

class Client {
public:
    Client(std::string path, std::size_t bytes) : path_(std::move(path)), bytes_(bytes) {}

    std::string connect() {
        descriptor_ = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path_.c_str());
        const auto* where = reinterpret_cast<const sockaddr*>(&address);
        return ::connect(descriptor_, where, sizeof address) == 0 ? "ok" : "refused";
    }
    std::string disconnect() {
        close(descriptor_);
        return "ok";
    }
    std::string send_event(std::uint8_t type, int device, std::uint64_t size, int pool,
                           std::uint64_t id) {
        older::Bytes bytes;
        add_event(bytes, type, device, size, pool, id);
        return send_all(bytes);
    }
    std::string send_many(int device, std::uint64_t count) {
        older::Bytes bytes;
        for (std::uint64_t i = 0; i < count; ++i)
            add_event(bytes, older::kAllocation, device, 10, 0, 1000 + i);
        return send_all(bytes);
    }

private:
    void add_event(older::Bytes& bytes, std::uint8_t type, int device, std::uint64_t size, int pool,
                   std::uint64_t id) const {
        const bool is_small = bytes_ == 32;
        older::append(bytes, is_small ? older::small_frame(type, device, size, id, getpid())
                                      : older::frame(bytes_, type, device, size,
                                                     static_cast<std::uint8_t>(pool), getpid(), id,
                                                     1'760'000'000'000'000'001));
    }
    std::string send_all(const older::Bytes& bytes) const {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const ssize_t size =
                send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (size < 0) return "failed";
            sent += static_cast<std::size_t>(size);
        }
        return "ok";
    }

    std::string path_;
    std::size_t bytes_;
    int descriptor_ = -1;
};

std::string execute_again(char** arguments) {
    execv("/proc/self/exe", arguments);
    return "failed";
}

std::string obey(Client& client, const std::string& line) {
    std::istringstream words(line);
    std::string what;
    int device = 0, pool = 0;
    std::uint64_t id = 0, size = 0;
    words >> what >> device;
    if (what == "connect") return client.connect();
    if (what == "disconnect") return client.disconnect();
    if (what == "many") {
        words >> size;
        return client.send_many(device, size);
    }
    if (what == "alloc" || what == "own") words >> pool;
    words >> id >> size;
    if (what == "own") {
        tidemark_allocation(static_cast<std::uint32_t>(device), static_cast<std::uint32_t>(pool),
                            id, size);
        return "ok";
    }
    const std::uint8_t type = what == "alloc"    ? older::kAllocation
                              : what == "free"   ? older::kFree
                              : what == "cb"     ? older::kCbAllocation
                              : what == "cbfree" ? older::kCbFree
                              : what == "kernel" ? older::kKernelLoad
                                                 : older::kKernelUnload;
    return client.send_event(type, device, size, pool, id);
}

}  // namespace

int main(int, char** arguments) {
    Client client(arguments[1], std::strtoull(arguments[2], nullptr, 10));
    if (arguments[3] != nullptr) std::cout << "ok" << std::endl;  // the answer to "exec"
    for (std::string line; std::getline(std::cin, line);) {
        char again[] = "again";
        char* as_before[] = {arguments[0], arguments[1], arguments[2], again, nullptr};
        std::cout << (line == "exec" ? execute_again(as_before) : obey(client, line)) << std::endl;
    }
    return 0;
}
