// SPDX-License-Identifier: Apache-2.0
#include "collector/watch.hpp"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include "shm/ring_layout.hpp"

namespace tidemark::collector {
namespace {

// The kernel tells of the end of a file (fsnotify_close in __fput) just before it gives its locks back
// (locks_remove_file), and liveness is the lock: so each release is told once more when that is surely past.
constexpr std::chrono::milliseconds kTellAgain{10};
constexpr std::chrono::milliseconds kScanPeriod{250};
constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr int kMaxReads =
    32;  // more than the kernel queues (fs.inotify.max_queued_events, 16384) at 48 bytes each

bool is_ring(std::string_view name) {
    return name.substr(0, sizeof(shm::kRingPrefix) - 1) == shm::kRingPrefix;
}

}  // namespace

Watch::~Watch() {
    if (again_ != 0) loop_.cancel(again_);
    if (inotify_ < 0) return;
    loop_.remove(inotify_);
    close(inotify_);
}

void Watch::open(const std::string& directory, std::string& warning) {
    inotify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    // Of objects that the collector has unlinked itself there is nothing more to hear.
    constexpr std::uint32_t kMask =
        IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR | IN_EXCL_UNLINK;
    if (inotify_ >= 0 && inotify_add_watch(inotify_, directory.c_str(), kMask) >= 0 &&
        loop_.add(inotify_, EPOLLIN, [this](std::uint32_t) { look(); })) {
        return;
    }
    warning = "cannot watch " + directory + ": " + std::strerror(errno) +
              "; scanning it four times a second instead (raise fs.inotify.max_user_instances and "
              "fs.inotify.max_user_watches)";
    if (inotify_ >= 0) close(inotify_);
    inotify_ = -1;
    again_ = loop_.after(kScanPeriod, [this] { scan_again(); });
}

void Watch::scan_again() {
    door_.rescan();
    again_ = loop_.after(kScanPeriod, [this] { scan_again(); });
}

void Watch::look() {
    if (inotify_ < 0) return door_.rescan();
    std::vector<RingNews> news;
    bool overflow = false;
    take_events(news, overflow);
    tell_again(news);
    if (!news.empty()) door_.rings(std::move(news));
    if (overflow) door_.rescan();
}

void Watch::take_events(std::vector<RingNews>& news, bool& overflow) {
    alignas(inotify_event) char bytes[kReadSize];
    for (int i = 0; i < kMaxReads; ++i) {
        const ssize_t size = read(inotify_, bytes, sizeof(bytes));
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return;
        for (const char* at = bytes; at < bytes + size;) {
            inotify_event event{};
            std::memcpy(&event, at, sizeof(event));
            const char* name = at + sizeof(event);
            if ((event.mask & IN_Q_OVERFLOW) != 0) overflow = true;
            if (event.len > 0)
                read_event(event.mask, std::string(name, strnlen(name, event.len)), news);
            at = name + event.len;
        }
    }
}

void Watch::read_event(std::uint32_t mask, const std::string& name, std::vector<RingNews>& news) {
    if (is_ring(name)) {
        if ((mask & IN_MOVED_TO) != 0) news.push_back({RingNews::Kind::kAppeared, name});
        if ((mask & IN_CLOSE_WRITE) != 0) news.push_back({RingNews::Kind::kReleased, name});
    } else if ((mask & IN_DELETE) != 0 && name == lock_name_) {
        lock_removed_();
    }
}

void Watch::tell_again(const std::vector<RingNews>& news) {
    for (const RingNews& ring : news) {
        if (ring.kind == RingNews::Kind::kReleased) released_.push_back(ring);
    }
    if (released_.empty() || again_ != 0) return;
    again_ = loop_.after(kTellAgain, [this, due = released_.size()] {
        again_ = 0;
        std::vector<RingNews> late;
        late.swap(released_);
        // What came since the timer was set gets its own.
        released_.assign(late.begin() + static_cast<std::ptrdiff_t>(due), late.end());
        late.resize(due);
        door_.rings(std::move(late));
        tell_again({});
    });
}

}  // namespace tidemark::collector
