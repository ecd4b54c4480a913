// SPDX-License-Identifier: Apache-2.0
//
// A tidemarkd with the older socket, clients of it in processes of their own, and questions as older clients ask them.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/process/collector_process.hpp"
#include "tests/process/older_frames.hpp"
#include "tests/process/script_world.hpp"

namespace tidemark::test {

// A folder of the test's own for sockets and logs.
class OwnFolder {
public:
    OwnFolder() : path_("/tmp/tidemark-gateway-" + std::to_string(getpid()) + "-" + number()) {
        std::filesystem::create_directory(path_);
    }
    ~OwnFolder() { std::filesystem::remove_all(path_); }
    OwnFolder(const OwnFolder&) = delete;
    OwnFolder& operator=(const OwnFolder&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    static std::string number() {
        static int count = 0;
        return std::to_string(++count);
    }
    std::string path_;
};

class OlderConnection {
public:
    explicit OlderConnection(const std::string& path)
        : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
        const auto* where = reinterpret_cast<const sockaddr*>(&address);
        is_connected_ = ::connect(descriptor_, where, sizeof address) == 0;
    }
    ~OlderConnection() { close(descriptor_); }
    OlderConnection(const OlderConnection&) = delete;
    OlderConnection& operator=(const OlderConnection&) = delete;

    bool is_connected() const { return is_connected_; }
    int descriptor() const { return descriptor_; }
    bool send(const older::Bytes& bytes) const {
        return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    void end_sending() const { shutdown(descriptor_, SHUT_WR); }
    // One recv, as the older clients do; empty: the connection was closed.
    older::Bytes receive() const {
        older::Bytes bytes(4096);
        pollfd ready{descriptor_, POLLIN, 0};
        if (poll(&ready, 1, 60'000) != 1) return {};
        const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
        bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return bytes;
    }

private:
    int descriptor_;
    bool is_connected_ = false;
};

// What a new client is answered; `bytes` is its struct's size.
inline older::Answer ask(const std::string& path, std::int32_t device, std::size_t bytes = 128,
                         std::uint8_t question = older::kQuery) {
    const OlderConnection connection(path);
    connection.send(older::frame(bytes, question, device, 0, 0, 0, 0));
    const older::Bytes answer = connection.receive();
    CHECK(answer.size() == bytes);
    return older::read_answer(answer);
}

class OlderClient {
public:
    OlderClient(const std::string& path, std::size_t frame_bytes = 112,
                const Variables& variables = {}) {
        int in[2], out[2];
        REQUIRE(pipe2(in, O_CLOEXEC) == 0);
        REQUIRE(pipe2(out, O_CLOEXEC) == 0);
        const Words words{built("older_client"), path, std::to_string(frame_bytes)};
        pid_ = start(words, variables, out[1], in[0]);
        close(in[0]);
        close(out[1]);
        in_ = in[1];
        out_ = fdopen(out[0], "r");
        CHECK(tell("connect") == "ok");
    }
    ~OlderClient() {
        kill();
        close(in_);
        fclose(out_);
    }
    OlderClient(const OlderClient&) = delete;
    OlderClient& operator=(const OlderClient&) = delete;

    pid_t pid() const { return pid_; }
    std::string tell(const std::string& line) const {
        const std::string sent = line + "\n";
        if (write(in_, sent.data(), sent.size()) < 0) return "gone";
        char answer[256] = "";
        if (fgets(answer, sizeof answer, out_) == nullptr) return "gone";
        return std::string(answer, strcspn(answer, "\n"));
    }
    void kill() {
        if (ended_) return;
        ::kill(pid_, SIGKILL);
        wait_until_ended(pid_);
        ended_ = true;
    }

private:
    pid_t pid_ = -1;
    int in_ = -1;
    FILE* out_ = nullptr;
    bool ended_ = false;
};

// A collector that serves the older socket, and all that is left of both at the end.
struct GatewayWorld {
    explicit GatewayWorld(const Words& more = {}) {
        Words words{"--legacy-socket=" + path};
        words.insert(words.end(), more.begin(), more.end());
        collector = std::make_unique<Collector>(instance.name(), words);
        REQUIRE(collector->is_ready());
    }
    // The row of the socket client, if it is published.
    std::optional<tidemark_process_row> client_row(pid_t pid) const {
        return row_where<tidemark_process_row>(read_stats(instance.name()), [pid](const auto& row) {
            return row.pid == pid && row.origin == TIDEMARK_ORIGIN_SOCKET;
        });
    }
    bool is_running(pid_t pid) const {
        const auto row = client_row(pid);
        return row && row->state == TIDEMARK_PROCESS_RUNNING;
    }
    bool has_exited(pid_t pid) const {
        const auto row = client_row(pid);
        return row && row->state == TIDEMARK_PROCESS_EXITED;
    }

    OwnFolder folder;
    std::string path = folder / "older.sock";
    OwnInstance instance;
    std::unique_ptr<Collector> collector;
};

}  // namespace tidemark::test
