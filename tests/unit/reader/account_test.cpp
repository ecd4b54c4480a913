// SPDX-License-Identifier: Apache-2.0
//
// The reader of live buffers, on accounts made by hand: what it lists, when it says that a list is not exact, and that
// no offset, number or depth in an account leads it outside.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "tidemark/account_reader.hpp"

namespace {

using tidemark::AccountReader;
using tidemark::LiveBuffer;

constexpr std::uint64_t kImage = 0x00000000C0FFEE01;
constexpr std::uint64_t kDirectory = 4096;
constexpr std::uint64_t kPages = 8192;

constexpr std::uint64_t life(std::uint64_t size, std::uint64_t pool, std::uint64_t count = 0) {
    return size | pool << TIDEMARK_LIFE_POOL_SHIFT | TIDEMARK_LIFE_LIVE |
           count << TIDEMARK_LIFE_STAMP_SHIFT;
}

// An account of two pages of depth 1 under a name of its own, mapped for writing, removed at the end.
class TestAccount {
public:
    explicit TestAccount(std::uint32_t pages = 2)
        : path_(AccountReader::path_of(instance(), kImage)) {
        fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        base_ = static_cast<std::byte*>(
            ::mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
        if (fd_ < 0 || base_ == MAP_FAILED) {
            throw std::runtime_error("cannot make " + path_);
        }
        resize(kPages + pages * sizeof(tidemark_account_page));
        tidemark_account_header& h = header();
        h.magic = TIDEMARK_ACCOUNT_MAGIC;
        h.byte_order = TIDEMARK_STATS_BYTE_ORDER;
        h.version_major = TIDEMARK_ACCOUNT_MAJOR;
        h.header_size = sizeof h;
        h.object_size = kPages + pages * sizeof(tidemark_account_page);
        h.image = kImage;
        h.state = TIDEMARK_ACCOUNT_LIVE;
        h.directory_offset = kDirectory;
        h.pages_offset = kPages;
        h.page_count = pages;
        h.directory_depth = 1;
        std::strcpy(h.pools[7].name, "scratch");
        for (std::uint32_t i = 0; i < pages; ++i) {
            directory()[i] = i;
            page(i).depth = 1;
        }
    }
    TestAccount(const TestAccount&) = delete;
    TestAccount& operator=(const TestAccount&) = delete;
    ~TestAccount() {
        ::munmap(base_, kRoom);
        ::close(fd_);
        ::unlink(path_.c_str());
    }

    static std::string instance() { return "test-" + std::to_string(getpid()) + "-account"; }
    void resize(std::uint64_t size) {
        if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
            throw std::runtime_error("cannot resize " + path_);
        }
    }
    tidemark_account_header& header() { return *reinterpret_cast<tidemark_account_header*>(base_); }
    std::uint32_t* directory() { return reinterpret_cast<std::uint32_t*>(base_ + kDirectory); }
    tidemark_account_page& page(std::uint32_t number) {
        return reinterpret_cast<tidemark_account_page*>(base_ + kPages)[number];
    }
    void put(std::uint32_t page_number, int place, std::uint64_t id, std::uint64_t size,
             std::uint64_t pool = 0) {
        page(page_number).entries[place] = {life(size, pool), id, id * 10,
                                            static_cast<std::uint32_t>(id % 7), 3};
    }

private:
    static constexpr std::size_t kRoom = 1 << 20;
    std::string path_;
    int fd_ = -1;
    std::byte* base_ = nullptr;
};

AccountReader open() {
    std::string error;
    auto reader = AccountReader::open(TestAccount::instance(), kImage, &error);
    REQUIRE_MESSAGE(reader.has_value(), error);
    return std::move(*reader);
}

std::string refusal() {
    std::string error;
    CHECK_FALSE(AccountReader::open(TestAccount::instance(), kImage, &error).has_value());
    return error;
}

std::multiset<std::uint64_t> ids(const tidemark::LiveBuffers& live) {
    std::multiset<std::uint64_t> all;
    for (const LiveBuffer& buffer : live.buffers) {
        all.insert(buffer.id);
    }
    return all;
}

}  // namespace

TEST_CASE("live buffers are listed, tombstones and unused entries are not") {
    TestAccount account;
    account.put(0, 0, 100, 4096, 7);
    account.put(0, 254, 102, 1);
    account.put(1, 17, 101, TIDEMARK_LIFE_SIZE_MASK, 15);
    account.page(1).entries[3] = {1ull << TIDEMARK_LIFE_STAMP_SHIFT, 55, 55, 5, 5};
    AccountReader reader = open();
    const auto live = reader.live_buffers();
    CHECK(live.exact);
    CHECK(ids(live) == std::multiset<std::uint64_t>{100, 101, 102});
    const LiveBuffer& first = live.buffers.front();
    CHECK(first.size == 4096);
    CHECK(first.pool == 7);
    CHECK(first.stamp == 1000);
    CHECK(first.device == 100 % 7);
    CHECK(first.stack == 3);
    CHECK(live.buffers.back().size == TIDEMARK_LIFE_SIZE_MASK);
    CHECK(live.buffers.back().pool == 15);
    CHECK(reader.pool_name(7) == "scratch");
    CHECK(reader.pool_name(6).empty());
    CHECK(reader.pool_name(16).empty());
    CHECK(reader.header().image == kImage);
    CHECK_FALSE(reader.exited());
}

TEST_CASE("a page that several slots name is listed once") {
    TestAccount account;
    account.put(0, 0, 100, 1);
    account.put(1, 0, 101, 1);
    for (std::uint32_t slot = 0; slot < 8; ++slot) {
        account.directory()[slot] = slot % 2;
    }
    account.header().directory_depth = 3;
    const auto live = open().live_buffers();
    CHECK(live.exact);
    CHECK(ids(live) == std::multiset<std::uint64_t>{100, 101});
}

TEST_CASE("a directory that is half changed is told from a whole one") {
    TestAccount account(4);  // page 1, of depth 1, is being split into 2 and 3, of depth 2
    account.header().directory_depth = 2;
    account.page(2).depth = account.page(3).depth = 2;
    std::uint32_t* directory = account.directory();
    bool exact = false;
    SUBCASE("before") { directory[1] = directory[3] = 1, exact = true; }
    SUBCASE("the low half has moved") { directory[1] = 2, directory[3] = 1; }
    SUBCASE("the high half has moved") { directory[1] = 1, directory[3] = 3; }
    SUBCASE("after") { directory[1] = 2, directory[3] = 3, exact = true; }
    directory[0] = directory[2] = 0;
    CHECK(open().live_buffers().exact == exact);
}

TEST_CASE("an account that grows is followed") {
    TestAccount account;
    account.put(0, 0, 100, 1);
    account.put(1, 0, 101, 1);
    AccountReader reader = open();
    CHECK(reader.live_buffers().buffers.size() == 2);
    account.resize(kPages + 3 * sizeof(tidemark_account_page));
    account.header().page_count = 3;
    account.page(2).depth = 1;
    account.put(2, 0, 102, 1);
    account.directory()[1] = 2;
    ++account.header().directory_sequence;
    CHECK(ids(reader.live_buffers()) == std::multiset<std::uint64_t>{100, 102});
    account.header().state = TIDEMARK_ACCOUNT_EXITED;
    CHECK(reader.exited());
}

TEST_CASE("numbers that lead nowhere make the list inexact and nothing else") {
    TestAccount account;
    account.put(0, 0, 100, 1);
    account.put(1, 0, 101, 1);
    std::size_t left = 0;
    SUBCASE("a page that was never used") { account.directory()[1] = 2, left = 1; }
    SUBCASE("a page beyond the object") {
        account.header().page_count = ~0u, account.directory()[1] = 99, left = 1;
    }
    SUBCASE("a page deeper than the directory") { account.page(1).depth = 2, left = 1; }
    SUBCASE("a page of absurd depth") { account.page(1).depth = 64, left = 1; }
    SUBCASE("a directory deeper than allowed") { account.header().directory_depth = 21; }
    SUBCASE("a directory beyond the object") { account.header().directory_depth = 20; }
    SUBCASE("a directory far away") { account.header().directory_offset = ~0ull - 7; }
    SUBCASE("a directory between words") { account.header().directory_offset = kDirectory + 4; }
    SUBCASE("pages far away") { account.header().pages_offset = ~0ull - 7; }
    const auto live = open().live_buffers();
    CHECK_FALSE(live.exact);
    CHECK(live.buffers.size() == left);
}

TEST_CASE("whatever the words of an account say, the reader stays inside") {
    std::mt19937_64 random(3);
    const std::uint64_t values[] = {0,   1,    2,    8,        20,  21,        63,   64,
                                    255, 4096, 8192, 1u << 31, ~0u, ~0ull - 7, ~0ull};
    TestAccount account(4);
    AccountReader reader = open();
    const tidemark_account_header header = account.header();
    std::size_t seen = 0;
    for (int round = 0; round < 3000; ++round) {
        account.header() = header;
        std::uint32_t* const places[] = {
            &account.header().directory_depth,
            account.directory() + random() % 8,
            &account.page(random() % 4).depth,
            &account.header().page_count,
            reinterpret_cast<std::uint32_t*>(&account.header().directory_offset),
            reinterpret_cast<std::uint32_t*>(&account.header().pages_offset)};
        for (int changes = 0; changes < 2; ++changes) {
            const std::uint64_t value = values[random() % std::size(values)];
            std::uint32_t* place = places[random() % std::size(places)];
            std::memcpy(place, &value, place == places[4] || place == places[5] ? 8 : 4);
        }
        seen += reader.live_buffers().buffers.size();
    }
    CHECK(seen < 3000u * 8 * 255);
}

TEST_CASE("what is no account is refused, and told why") {
    CHECK(refusal().ends_with(
        "no such account: the image is unknown to this instance, or reclaimed"));
    TestAccount account;
    CHECK(AccountReader::path_of("i", kImage) == "/dev/shm/tidemark.i.account.00000000c0ffee01");
    SUBCASE("unfinished") {
        account.header().magic = 0;
        CHECK(refusal().ends_with(
            "not a Tidemark account (wrong magic), or not finished yet: try again"));
    }
    SUBCASE("other byte order") {
        account.header().byte_order = 0x04030201;
        CHECK(refusal().ends_with("written in the other byte order"));
    }
    SUBCASE("another version") {
        account.header().version_major = 2;
        CHECK(refusal().ends_with(
            "another version of the layout: use the reader of the collector's release"));
    }
    SUBCASE("unknown feature") {
        account.header().features_incompatible = 1;
        CHECK(refusal().ends_with(
            "another version of the layout: use the reader of the collector's release"));
    }
    SUBCASE("cut") {
        account.resize(kPages);
        CHECK(refusal().ends_with("shorter than its header says"));
    }
    SUBCASE("empty") {
        account.resize(0);
        CHECK(refusal().ends_with("shorter than its header"));
    }
    SUBCASE("a stranger's") {
        if (geteuid() == 0) {
            const std::string path = AccountReader::path_of(TestAccount::instance(), kImage);
            REQUIRE(chown(path.c_str(), 65534, 65534) == 0);
            CHECK(refusal().ends_with("not a regular file of root or of yourself: refused"));
        }
    }
}

TEST_CASE("an entry that is reused all the time is never listed with another life's words") {
    TestAccount account;
    AccountReader reader = open();
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        tidemark_account_entry& entry = account.page(0).entries[0];
        const auto store = [](auto& word, auto value) {
            __atomic_store_n(&word, value, __ATOMIC_RELEASE);
        };
        for (std::uint32_t number = 1; !stop.load(std::memory_order_relaxed); ++number) {
            store(entry.life, 1ull << TIDEMARK_LIFE_STAMP_SHIFT);
            store(entry.id, std::uint64_t{number});
            store(entry.stamp, std::uint64_t{number} * 10);
            store(entry.device, number);
            store(entry.life, life(number, 0, number % 2048));
        }
    });
    int torn = 0;
    for (int i = 0; i < 50'000; ++i) {
        for (const LiveBuffer& buffer : reader.live_buffers().buffers) {
            torn += buffer.stamp != buffer.id * 10 || buffer.size != buffer.id ||
                    buffer.device != buffer.id;
        }
    }
    stop = true;
    writer.join();
    CHECK(torn == 0);
}
