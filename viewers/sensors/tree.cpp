// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>

namespace tidemark::sensors {
namespace {

constexpr std::size_t kLongestFile = 65536;
constexpr std::size_t kLongestLine = 255;
constexpr std::size_t kMostNames = 4096;
constexpr const char* kBlanks = " \t\r";

// Closes on every way out, and keeps errno for the caller.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        const int kept = errno;
        if (fd_ >= 0) {
            ::close(fd_);
        }
        errno = kept;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return fd_; }

private:
    int fd_;
};

bool is_plain(int fd) {
    struct stat about {};
    if (::fstat(fd, &about) != 0) {
        return false;
    }
    errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    return S_ISREG(about.st_mode);
}

std::optional<std::string> trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string::npos || text.size() > kLongestLine) {
        return std::nullopt;
    }
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::optional<std::string> Tree::read(const std::string& path) const {
    // A pipe in the place of a file must not keep us waiting.
    const Descriptor file(
        ::open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0 || !is_plain(file.number())) {
        return std::nullopt;
    }
    std::string text;
    std::array<char, 4096> part{};
    while (text.size() < kLongestFile) {
        const ssize_t got =
            ::read(file.number(), part.data(), std::min(part.size(), kLongestFile - text.size()));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::nullopt;
        }
        if (got == 0) {
            break;
        }
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
}

std::optional<std::string> Tree::line(const std::string& path) const {
    const auto text = read(path);
    return text ? trimmed(text->substr(0, text->find('\n'))) : std::nullopt;
}

std::optional<std::int64_t> Tree::number(const std::string& path, std::int64_t least,
                                         std::int64_t most) const {
    auto text = read(path);
    if (text && text->ends_with('\n')) {
        text->pop_back();
    }
    const auto digits = text ? trimmed(*text) : std::nullopt;
    if (!digits) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    const char* last = digits->data() + digits->size();
    const auto [end, error] = std::from_chars(digits->data(), last, value);
    const bool whole = error == std::errc{} && end == last;
    return whole && value >= least && value <= most ? std::optional(value) : std::nullopt;
}

std::vector<std::string> Tree::names(const std::string& path) const {
    std::vector<std::string> found;
    DIR* folder = ::opendir((root_ + path).c_str());
    if (folder == nullptr) {
        return found;
    }
    while (found.size() < kMostNames) {
        const dirent* entry = ::readdir(folder);
        if (entry == nullptr) {
            break;
        }
        if (entry->d_name[0] != '.') {
            found.emplace_back(entry->d_name);
        }
    }
    ::closedir(folder);
    std::sort(found.begin(), found.end());
    return found;
}

std::optional<std::string> Tree::link(const std::string& path) const {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink((root_ + path).c_str(), target.data(), target.size());
    if (length <= 0 || static_cast<std::size_t>(length) == target.size()) {
        return std::nullopt;
    }
    return std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace tidemark::sensors
