// SPDX-License-Identifier: Apache-2.0
//
// The reader of one image's account: its live buffers, as account_abi.h lays them out. Unlike the stats segment an
// account grows, so a walk may map anew (a system call); it never blocks, never waits for the collector, and follows
// no offset or page number that it has not checked. C++20, headers only, no dependency. Not for figures: those stand
// in the stats segment.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemark/account_abi.h"
#include "tidemark/stats_abi.h"

namespace tidemark {

struct LiveBuffer {
    std::uint64_t id;
    std::uint64_t size;   // bytes
    std::uint64_t stamp;  // of the allocation, in clock ticks; the collector row converts
    std::uint32_t device;
    std::uint32_t pool;  // number of this image; AccountReader::pool_name
    std::uint32_t stack;
};

// A return address of a call site, and the mapping that it lies in, if that is known.
struct Frame {
    std::uint64_t address = 0;
    const tidemark_account_module* module = nullptr;  // as long as its reader
};

struct LiveBuffers {
    std::vector<LiveBuffer> buffers;
    bool exact = false;  // false: the table kept changing, so some may be missing or listed twice
};

// Owns a map of one account. One thread at a time.
class AccountReader {
public:
    static std::string path_of(std::string_view instance, std::uint64_t image) {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(image));
        return "/dev/shm/tidemark." + std::string(instance) + ".account." + digits;
    }

    // The account of `image` under `instance`; its owner must be root or oneself. Nothing: `*error`, if given, is the
    // sentence to show.
    static std::optional<AccountReader> open(std::string_view instance, std::uint64_t image,
                                             std::string* error = nullptr) {
        return open_file(path_of(instance, image), error);
    }

    // The account in the file `path`: one that was saved, or whose name was found by listing /dev/shm.
    static std::optional<AccountReader> open_file(const std::string& path,
                                                  std::string* error = nullptr) {
        AccountReader reader;
        const std::string failure = reader.attach(path);
        if (failure.empty()) {
            return reader;
        }
        if (error) {
            *error = "cannot read " + path + ": " + failure;
        }
        return std::nullopt;
    }

    AccountReader(AccountReader&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)),
          base_(std::exchange(other.base_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    AccountReader& operator=(AccountReader&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(base_, other.base_);
        std::swap(size_, other.size_);
        return *this;
    }
    AccountReader(const AccountReader&) = delete;
    AccountReader& operator=(const AccountReader&) = delete;
    ~AccountReader() {
        unmap();
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    // Identity, names and state, in the object: constant but for state, exit_* and the words of the directory.
    const tidemark_account_header& header() const { return *at<tidemark_account_header>(0); }
    bool exited() const { return load(header().state) == TIDEMARK_ACCOUNT_EXITED; }

    // Name that the image gave its pool, empty if none; a copy, since the collector may be writing it.
    std::string pool_name(std::uint32_t pool) const {
        if (pool >= 16) {
            return {};
        }
        const std::string_view all(header().pools[pool].name, sizeof header().pools[pool].name);
        return std::string(all.substr(0, all.find('\0')));
    }

    // The live buffers. Starts again, at most kTries times, when the directory changed meanwhile. Buffers that come
    // and go within unchanged pages don't make a list inexact: each is listed as of some moment of the walk.
    LiveBuffers live_buffers() {
        LiveBuffers result;
        // Nothing is left of the table then, and to touch it would take memory in /dev/shm, if there is any.
        result.exact = exited() && load(header().live) == 0;
        for (int tries = 0; tries < kTries && !result.exact; ++tries) {
            result.buffers.clear();
            grow_map();
            result.exact = walk(result.buffers);
        }
        return result;
    }

    // The call site of buffers that say `stack`, the innermost caller first. Empty: none was recorded, or it isn't known.
    std::vector<Frame> call_site(std::uint32_t stack) const {
        std::vector<Frame> frames;
        const tidemark_account_header& h = header();
        if (!has_call_sites() || stack == 0 || stack > h.stack_entries) {
            return frames;
        }
        const std::uint64_t words = 1 + std::uint64_t{h.stack_frames};
        const auto* entry = at<std::uint64_t>(h.stacks_offset + (stack - 1) * words * 8);
        // SYNC(call-site): acquire pairs with the collector's release, so that the frames are complete.
        const std::uint64_t count = load(entry[0]);
        for (std::uint64_t i = 1; i <= count && i < words; ++i) {
            frames.push_back({entry[i], module_of(entry[i])});
        }
        return frames;
    }

    // Allocations whose call site found no room in the program's ring.
    std::uint64_t stacks_dropped() const {
        return has_call_sites() ? load(header().stacks_dropped) : 0;
    }

private:
    // They lie within the object, which never shrinks.
    bool has_call_sites() const {
        const tidemark_account_header& h = header();
        return h.header_size >= sizeof h && h.stacks_offset != 0 &&
               h.stack_frames <= TIDEMARK_ACCOUNT_MAX_FRAMES &&
               fits(h.stacks_offset, h.stack_entries, 8 * (1 + std::uint64_t{h.stack_frames})) &&
               fits(h.modules_offset, h.module_entries, sizeof(tidemark_account_module));
    }

    // The newest one that holds the address: it replaced what was there before.
    const tidemark_account_module* module_of(std::uint64_t address) const {
        const tidemark_account_header& h = header();
        // SYNC(call-site)
        std::uint32_t used = load(h.modules_used);
        used = used < h.module_entries ? used : h.module_entries;
        const auto* modules = at<tidemark_account_module>(h.modules_offset);
        while (used-- > 0) {
            const tidemark_account_module& module = modules[used];
            if (address - module.begin < module.end - module.begin) {
                return &module;
            }
        }
        return nullptr;
    }

    static constexpr int kTries = 16;       // of a walk
    static constexpr int kEntryTries = 64;  // of one entry
    AccountReader() = default;

    // SYNC(live-table)
    template <class Word>
    static Word load(const Word& word) {
        return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
    }

    template <class T>
    const T* at(std::uint64_t offset) const {
        return reinterpret_cast<const T*>(base_ + offset);
    }

    // `count` things of `each` bytes at `offset` lie within the map, aligned for atomic words.
    bool fits(std::uint64_t offset, std::uint64_t count, std::uint64_t each) const {
        return offset % 8 == 0 && offset <= size_ && count <= (size_ - offset) / each;
    }

    void unmap() {
        if (base_) {
            ::munmap(const_cast<std::byte*>(base_), size_);
        }
        base_ = nullptr;
        size_ = 0;
    }

    // Maps all of the object. False with errno set: the old map is kept.
    bool map(std::size_t size) {
        void* base = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd_, 0);
        if (base == MAP_FAILED) {
            return false;
        }
        unmap();
        base_ = static_cast<const std::byte*>(base);
        size_ = size;
        return true;
    }

    void grow_map() {
        struct stat status {};
        if (::fstat(fd_, &status) == 0 && static_cast<std::size_t>(status.st_size) > size_) {
            map(static_cast<std::size_t>(status.st_size));
        }
    }

    // Empty, or what failed and what to do.
    std::string attach(const std::string& path) {
        fd_ = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (fd_ < 0) {
            return errno == ENOENT
                       ? "no such account: the image is unknown to this instance, or reclaimed"
                   : errno == EACCES
                       ? "permission denied: live buffers are shown to the collector's user only"
                       : std::strerror(errno);
        }
        struct stat status {};
        if (::fstat(fd_, &status) != 0) {
            return std::strerror(errno);
        }
        if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != ::geteuid())) {
            return "not a regular file of root or of yourself: refused";
        }
        if (static_cast<std::size_t>(status.st_size) < sizeof(tidemark_account_header)) {
            return "shorter than its header";
        }
        return map(static_cast<std::size_t>(status.st_size)) ? check() : std::strerror(errno);
    }

    std::string check() const {
        const tidemark_account_header& h = header();
        // SYNC(live-table): acquire pairs with the collector's release: the header is complete.
        const std::uint64_t magic = load(h.magic);
        if (magic == __builtin_bswap64(TIDEMARK_ACCOUNT_MAGIC)) {
            return "written in the other byte order";
        }
        if (magic != TIDEMARK_ACCOUNT_MAGIC) {
            return "not a Tidemark account (wrong magic), or not finished yet: try again";
        }
        if (h.byte_order != TIDEMARK_STATS_BYTE_ORDER) {
            return "written in the other byte order";
        }
        if (h.version_major != TIDEMARK_ACCOUNT_MAJOR || h.features_incompatible != 0) {
            return "another version of the layout: use the reader of the collector's release";
        }
        if (h.header_size < TIDEMARK_ACCOUNT_HEADER_SIZE_1_0 || h.object_size > size_) {
            return "shorter than its header says";
        }
        return {};
    }

    // One round. True: the directory did not change and all that was found is whole.
    bool walk(std::vector<LiveBuffer>& found) const {
        const tidemark_account_header& h = header();
        // SYNC(live-table): moves after each change of the directory.
        const std::uint64_t sequence = load(h.directory_sequence);
        const std::uint32_t depth = load(h.directory_depth);
        const std::uint64_t offset = load(h.directory_offset);
        if (depth > TIDEMARK_ACCOUNT_MAX_DEPTH || !fits(offset, std::uint64_t{1} << depth, 4)) {
            return false;
        }
        const std::uint64_t slots = std::uint64_t{1} << depth;
        const auto* directory = at<std::uint32_t>(offset);
        bool whole = true;
        std::uint64_t named =
            0;  // slots that belong to the pages visited: all, unless we look at half a change
        for (std::uint64_t slot = 0; slot < slots; ++slot) {
            const tidemark_account_page* page = page_at(load(directory[slot]));
            const std::uint32_t page_depth = page ? load(page->depth) : ~0u;
            if (page_depth > depth) {
                whole = false;
                continue;
            }
            const std::uint64_t home = slot & ((std::uint64_t{1} << page_depth) - 1);
            if (home == slot) {
                whole = read_page(*page, found) && whole;
                named += slots >> page_depth;
            } else {
                whole = whole && page == page_at(load(directory[home]));
            }
        }
        return whole && named == slots && load(h.directory_sequence) == sequence;
    }

    const tidemark_account_page* page_at(std::uint32_t number) const {
        const std::uint64_t pages = load(header().pages_offset);
        const bool valid = number < load(header().page_count) &&
                           fits(pages, std::uint64_t{number} + 1, sizeof(tidemark_account_page));
        return valid ? at<tidemark_account_page>(pages + number * sizeof(tidemark_account_page))
                     : nullptr;
    }

    // Appends the page's live entries. False: one changed faster than it could be read.
    static bool read_page(const tidemark_account_page& page, std::vector<LiveBuffer>& found) {
        bool whole = true;
        for (const tidemark_account_entry& entry : page.entries) {
            whole = read_entry(entry, found) && whole;
        }
        return whole;
    }

    static bool read_entry(const tidemark_account_entry& entry, std::vector<LiveBuffer>& found) {
        for (int tries = 0; tries < kEntryTries; ++tries) {
            // SYNC(live-table): a newer life's words are stored only after this word said that the old one ended.
            const std::uint64_t life = load(entry.life);
            if (!(life & TIDEMARK_LIFE_LIVE)) {
                return true;
            }
            const LiveBuffer buffer{
                load(entry.id),
                life & TIDEMARK_LIFE_SIZE_MASK,
                load(entry.stamp),
                load(entry.device),
                static_cast<std::uint32_t>(life >> TIDEMARK_LIFE_POOL_SHIFT) & 15u,
                load(entry.stack)};
            if (load(entry.life) == life) {
                found.push_back(buffer);
                return true;
            }
        }
        return false;
    }

    int fd_ = -1;
    const std::byte* base_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace tidemark
