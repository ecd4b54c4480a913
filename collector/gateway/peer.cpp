// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/peer.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace tidemark::collector::gateway {
namespace {

#ifdef SO_PEERPIDFD
constexpr int kPeerPidfd = SO_PEERPIDFD;
#else
constexpr int kPeerPidfd = 77;  // asm-generic/socket.h of Linux 6.5; Debian 12's headers are older
#endif
constexpr long kPidfsMagic = 0x50494446;  // linux/magic.h of Linux 6.9

int pidfd_of(int socket) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (socket < 0 || getsockopt(socket, SOL_SOCKET, kPeerPidfd, &pidfd, &size) != 0) return -1;
    return pidfd;
}

// A process that ended and was waited for has given its number away. EPERM means that it is there.
bool is_reaped(int pidfd) {
    return syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) != 0 && errno == ESRCH;
}

// Before pidfs all pidfds had one inode.
std::uint64_t serial_of(int pidfd) {
    struct statfs system {};
    struct stat status {};
    if (fstatfs(pidfd, &system) != 0 || system.f_type != kPidfsMagic) return 0;
    return fstat(pidfd, &status) == 0 ? status.st_ino : 0;
}

// Field 2 is the name, in parentheses, and may hold anything; the others are separated by spaces (proc(5)).
void read_stat(Peer& peer) {
    std::ifstream file("/proc/" + std::to_string(peer.pid) + "/stat");
    std::string text;
    std::getline(file, text, '\0');
    const std::size_t from = text.find('('), to = text.rfind(')');
    if (from == std::string::npos || to == std::string::npos || to < from) return;
    peer.name = text.substr(from + 1, to - from - 1);
    std::istringstream fields(text.substr(to + 1));
    std::string word;
    std::uint64_t code = 0, stack = 0;
    for (int field = 3; field <= 28 && fields >> word; ++field) {
        if (field == 22) peer.start_ticks = std::stoull(word);
        if (field == 26) code = std::stoull(word);
        if (field == 28) stack = std::stoull(word);
    }
    // In the middle of an exec one of them may be missing.
    peer.program = code > 1 && stack != 0 ? code * 0x9E3779B97F4A7C15ull ^ stack : 0;
}

}  // namespace

Peer peer_of(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    Peer peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
    peer.pid = credentials.pid;
    peer.uid = credentials.uid;
    if (peer.pid <= 0) return peer;
    const int pidfd = pidfd_of(socket);
    if (pidfd < 0 && (errno == ESRCH || errno == EINVAL))
        return peer;  // it ended, and was waited for
    Peer found = peer;
    read_stat(found);
    if (pidfd < 0) return found;
    peer.serial = serial_of(pidfd);
    found.serial = peer.serial;
    const bool is_another = is_reaped(pidfd);  // perhaps of the same number
    close(pidfd);
    return is_another ? peer : found;
}

int open_process(const Peer& peer, int socket) {
    const int pidfd = pidfd_of(socket);
    if (pidfd >= 0 || peer.start_ticks == 0) return pidfd;
    const auto by_number = static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0));
    Peer now = peer;
    now.start_ticks = 0;
    read_stat(now);
    if (by_number < 0 || now.start_ticks == peer.start_ticks) return by_number;
    close(by_number);
    return -1;
}

Peer looked_at_again(const Peer& peer) {
    Peer now = peer;
    now.start_ticks = 0;
    if (peer.pid > 0) read_stat(now);
    return now.start_ticks != 0 && now.start_ticks == peer.start_ticks ? now : peer;
}

}  // namespace tidemark::collector::gateway
