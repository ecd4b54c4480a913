// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/client_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace tidemark::collector::gateway {
namespace {

constexpr std::size_t kMostWaiting = std::size_t{1} << 20;
constexpr std::size_t kAtOnce = 4096;  // a pipe that is writable takes as much without blocking
constexpr std::chrono::milliseconds kRetry{20};

constexpr const char* kPools[TIDEMARK_POOL_FIRST_NAMED] = {
    "DRAM", "L1", "SYSTEM_MEMORY", "L1_SMALL", "TRACE", "CB", "KERNEL"};
constexpr const char* kArchitectures[] = {"unknown", "Grayskull", "Wormhole_B0", "Blackhole",
                                          "Quasar"};

const char* pool_text(std::uint32_t pool) {
    return pool < TIDEMARK_POOL_FIRST_NAMED ? kPools[pool] : "unknown";
}

const char* operation_text(FrameType type) {
    switch (type) {
        case FrameType::kAllocation:
            return "ALLOC";
        case FrameType::kFree:
            return "FREE";
        case FrameType::kCbAllocation:
            return "CB_ALLOC";
        case FrameType::kCbFree:
            return "CB_FREE";
        case FrameType::kKernelLoad:
            return "KERNEL_LOAD";
        default:
            return "KERNEL_UNLOAD";
    }
}

std::string hex(std::uint64_t id) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(id));
    return text;
}

std::string age(std::uint64_t since_ns, std::uint64_t now_ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s",
                  static_cast<double>(now_ns - std::min(since_ns, now_ns)) / 1e9);
    return text;
}

std::string who(const Peer& peer) {
    return "pid " + std::to_string(peer.pid) + (peer.name.empty() ? "" : " (" + peer.name + ")");
}

std::string bytes_text(std::uint64_t bytes) {
    return bytes == 0 ? "unknown" : std::to_string(bytes) + " bytes";
}

std::string held_text(const HeldBuffers::Freed& held, std::uint64_t now_ns) {
    return "  device " + std::to_string(held.key.device) + " buffer " + hex(held.key.id) + " " +
           std::to_string(held.buffer.size) + " bytes " + pool_text(held.key.pool) + " age " +
           age(held.buffer.since_ns, now_ns);
}

// A terminal that can be written to may take a byte and block for the rest. O_NONBLOCK belongs to the open file, which
// others share: so it is opened once more. -1: it can't be, or need not be.
int open_without_blocking(int descriptor) {
    struct stat status = {};
    if (fstat(descriptor, &status) != 0) return -1;
    if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) return -1;
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    return open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

template <class Text>
void ClientLog::line_of(Text text) {
    if (level_ == Level::kSilent) return;
    if (waiting_.size() >= kAtOnce && timer_ == 0) write_some();
    if (waiting_.size() >= kMostWaiting)
        ++dropped_;
    else
        add(text());
}

ClientLog::ClientLog(EventLoop& loop, Level level, int descriptor)
    : loop_(loop), level_(level), descriptor_(descriptor) {
    if (level == Level::kSilent) return;
    opened_ = open_without_blocking(descriptor);
    if (opened_ >= 0) descriptor_ = opened_;
}

ClientLog::~ClientLog() {
    write_some();
    loop_.cancel(timer_);
    if (opened_ >= 0) close(opened_);
}

void ClientLog::listening(const std::string& path) { line("listening on " + path); }

void ClientLog::device(const tidemark_device_row& device, const DeviceFigures& figures) {
    const char* arch =
        device.arch < std::size(kArchitectures) ? kArchitectures[device.arch] : "unknown";
    line("device " + std::to_string(device.device) + ": architecture " + arch + ", DRAM " +
         bytes_text(figures.total_dram) + ", L1 " + bytes_text(figures.total_l1));
}

void ClientLog::connected(const Peer& peer) {
    if (level_ == Level::kVerbose) line("connected: " + who(peer));
}

void ClientLog::disconnected(const ClientProcess& client) {
    if (level_ != Level::kVerbose) return;
    line("disconnected: " + who(client.peer()) + ", runs on with " +
         std::to_string(client.held().count()) + " buffers");
}

void ClientLog::count(const Frame& frame, const Applied& applied) {
    if (!applied.is_known || applied.pool >= TIDEMARK_POOL_FIRST_NAMED) return;
    Sums& sums = sums_[static_cast<std::uint32_t>(frame.device)];
    const bool allocates = frame.type == FrameType::kAllocation ||
                           frame.type == FrameType::kCbAllocation ||
                           frame.type == FrameType::kKernelLoad;
    sums.bytes[applied.pool] += allocates ? applied.size : 0 - applied.size;
    if (applied.pool != TIDEMARK_POOL_CB && applied.pool != TIDEMARK_POOL_KERNEL)
        sums.buffers += allocates ? std::uint64_t{1} : ~std::uint64_t{0};
}

void ClientLog::forget(const HeldBuffers::Freed& held) {
    Sums& sums = sums_[held.key.device];
    sums.bytes[held.key.pool] -= held.buffer.size;
    if (held.key.pool != TIDEMARK_POOL_CB && held.key.pool != TIDEMARK_POOL_KERNEL) --sums.buffers;
}

void ClientLog::left(const ClientProcess& client, std::uint32_t device) {
    for (const HeldBuffers::Freed& held : client.held().all())
        if (held.key.device == device) forget(held);
    line(who(client.peer()) + " tells of device " + std::to_string(device) +
         " through its own ring; its messages about it are not counted");
}

std::string ClientLog::totals(std::uint32_t device, std::uint32_t pool) const {
    const auto place = sums_.find(device);
    const Sums sums = place == sums_.end() ? Sums{} : place->second;
    if (pool == TIDEMARK_POOL_CB || pool == TIDEMARK_POOL_KERNEL)
        return std::string(kPools[pool]) + " " + std::to_string(sums.bytes[pool]);
    return "DRAM " + std::to_string(sums.bytes[TIDEMARK_POOL_DRAM]) + " L1 " +
           std::to_string(sums.bytes[TIDEMARK_POOL_L1]) + " buffers " +
           std::to_string(sums.buffers);
}

void ClientLog::event(const Frame& frame, const Applied& applied, const ClientProcess& client) {
    count(frame, applied);
    if (level_ != Level::kVerbose) return;
    const auto device = static_cast<std::uint32_t>(frame.device);
    line("[device " + std::to_string(frame.device) + "] " + operation_text(frame.type) + " " +
         std::to_string(applied.is_known ? applied.size : frame.size) + " bytes " +
         (applied.is_known ? pool_text(applied.pool) : "unknown") + " pid " +
         std::to_string(client.peer().pid) + " buffer " + hex(frame.id) + " | " +
         totals(device, applied.is_known ? applied.pool : 0));
}

void ClientLog::ended(const Peer& peer, const std::vector<HeldBuffers::Freed>& left,
                      std::uint64_t now_ns) {
    std::uint64_t bytes = 0;
    for (const HeldBuffers::Freed& held : left) {
        bytes += held.buffer.size;
        forget(held);
    }
    line("ended: " + who(peer) + " left " + std::to_string(left.size()) + " buffers, " +
         std::to_string(bytes) + " bytes");
    for (const HeldBuffers::Freed& held : left)
        line_of([&] { return held_text(held, now_ns); });
    if (timer_ == 0) write_some();
}

std::size_t ClientLog::dump(const ClientProcess& client, bool kernels_only, std::uint64_t now_ns) {
    if (level_ == Level::kSilent) return 0;
    std::size_t count = 0;
    for (const HeldBuffers::Freed& held : client.held().all()) {
        if (kernels_only != (held.key.pool == TIDEMARK_POOL_KERNEL)) continue;
        ++count;
        line_of(
            [&] { return held_text(held, now_ns) + " pid " + std::to_string(client.peer().pid); });
    }
    return count;
}

void ClientLog::dump_total(std::size_t buffers, bool kernels_only) {
    line("remaining: " + std::to_string(buffers) + (kernels_only ? " kernels" : " buffers"));
}

void ClientLog::line(const std::string& text) {
    if (level_ == Level::kSilent) return;
    if (waiting_.size() >= kMostWaiting) {
        ++dropped_;
        return;
    }
    add(text);
    if (timer_ == 0) write_some();
}

void ClientLog::add(const std::string& text) {
    if (dropped_ != 0) {
        waiting_ += "(" + std::to_string(dropped_) + " lines were dropped: nobody read them)\n";
        dropped_ = 0;
    }
    waiting_ += text + "\n";
}

// What the descriptor takes without blocking; the rest is tried again later.
void ClientLog::write_some() {
    std::size_t done = 0;
    while (done < waiting_.size()) {
        pollfd ready{descriptor_, POLLOUT, 0};
        if (poll(&ready, 1, 0) != 1) break;
        const std::size_t part = std::min(kAtOnce, waiting_.size() - done);
        const ssize_t written = write(descriptor_, waiting_.data() + done, part);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (written <= 0) {
            done = waiting_.size();  // nobody is there any more
            break;
        }
        done += static_cast<std::size_t>(written);
    }
    waiting_.erase(0, done);
    if (waiting_.empty() || timer_ != 0) return;
    timer_ = loop_.after(kRetry, [this] {
        timer_ = 0;
        write_some();
    });
}

}  // namespace tidemark::collector::gateway
