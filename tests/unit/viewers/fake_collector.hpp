// SPDX-License-Identifier: Apache-2.0
//
// A collector that only looks like one: a stats segment under an instance name of its own, with a heartbeat, rows put
// there by the test, and accounts with live buffers. Everything is removed at the end. Deterministic: the times and
// sizes of `a_busy_machine` are fixed, so that texts made from it can be compared as they are.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tidemark/account_reader.hpp"
#include "unit/reader/test_segment.hpp"
#include "viewers/model/collector_life.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::test {

inline constexpr std::uint64_t kStart = 1'900'000'000'000'000'000;  // Unix ns

template <std::size_t N>
void set_text(char (&field)[N], std::string_view text) {
    std::memset(field, 0, N);
    std::memcpy(field, text.data(), std::min(N, text.size()));
}

class FakeCollector {
public:
    static constexpr std::uint32_t kRows = 16;

    explicit FakeCollector(const std::string& what) : segment_("v" + what, kRows) {
        tidemark_stats_header& header = header_of(segment_.base());
        set_text(header.instance, segment_.instance());
        header.collector_pid = 4321;
        header.control_socket_offset = 0;
        for (std::uint32_t i = 0; i < TIDEMARK_TABLE_COUNT; ++i) {
            table_of(segment_.base(), static_cast<tidemark_stats_table_id>(i)).rows_used = 0;
        }
        beat(0);
        beating_ = std::jthread([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                keep_age();
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        });
    }
    ~FakeCollector() {
        beating_ = {};
        ::unlink(model::lock_path(instance()).c_str());
        for (const std::string& path : accounts_) {
            ::unlink(path.c_str());
        }
    }
    FakeCollector(const FakeCollector&) = delete;
    FakeCollector& operator=(const FakeCollector&) = delete;

    const std::string& instance() const { return segment_.instance(); }
    std::string path() const { return segment_.path(); }
    tidemark_stats_header& header() { return header_of(segment_.base()); }

    // The last sign of life was so long ago, and stays so, however long a test takes.
    void beat(std::uint64_t age_ms) {
        age_ms_ = age_ms;
        keep_age();
        ++header().heartbeat_count;
    }

    // The lock that a collector would hold while it lives; its open descriptor. Nobody holds it yet.
    int make_lock() {
        header().collector_uid = ::geteuid();
        return ::open(model::lock_path(instance()).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }

    template <class Row>
    void add(Row row) {
        row.in_use = 1;
        put(table_of(segment_.base(), kTableOf<Row>).rows_used++, row);
    }

    // In place of what that row was.
    template <class Row>
    void put(std::uint32_t index, const Row& row) {
        auto* bytes = static_cast<std::byte*>(row_of(segment_.base(), kTableOf<Row>, index));
        std::memcpy(bytes + TIDEMARK_STATS_ROW_PREFIX, &row, sizeof row);
        std::memcpy(bytes + TIDEMARK_STATS_ROW_PREFIX + sizeof row, &row, sizeof row);
    }

    // An account of one page. `stamp` in ticks: see a_busy_machine's clock, 1 tick a ns from kStart on.
    void add_account(std::uint64_t image, const std::vector<LiveBuffer>& buffers, bool exited) {
        const std::string path = AccountReader::path_of(instance(), image);
        std::vector<std::uint64_t> words((kPages + sizeof(tidemark_account_page)) / 8);
        auto* base = reinterpret_cast<std::byte*>(words.data());
        auto& header = *reinterpret_cast<tidemark_account_header*>(base);
        header.magic = TIDEMARK_ACCOUNT_MAGIC;
        header.byte_order = TIDEMARK_STATS_BYTE_ORDER;
        header.version_major = TIDEMARK_ACCOUNT_MAJOR;
        header.header_size = sizeof header;
        header.object_size = words.size() * 8;
        header.image = image;
        header.state = exited ? TIDEMARK_ACCOUNT_EXITED : TIDEMARK_ACCOUNT_LIVE;
        header.exit_ticks = exited ? 90'000'000'000 : 0;
        header.directory_offset = 4096;
        header.pages_offset = kPages;
        header.page_count = 1;
        header.live = buffers.size();
        auto& page = *reinterpret_cast<tidemark_account_page*>(base + kPages);
        for (std::size_t i = 0; i < buffers.size(); ++i) {
            const LiveBuffer& buffer = buffers[i];
            page.entries[i] = {buffer.size |
                                   std::uint64_t{buffer.pool} << TIDEMARK_LIFE_POOL_SHIFT |
                                   TIDEMARK_LIFE_LIVE,
                               buffer.id, buffer.stamp, buffer.device, buffer.stack};
        }
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(words.data()),
                   static_cast<std::streamsize>(words.size() * 8));
        accounts_.push_back(path);
    }

    // A history of a hundred seconds in which a pool only grew.
    void grow(std::uint32_t device, std::uint32_t pool) {
        constexpr std::uint64_t kSecond = 1'000'000'000;
        tidemark_history_row row{};
        row.device = device;
        row.pool = pool;
        row.fine_offset = kFineOffset;
        row.coarse_offset = kCoarseOffset;
        add(row);
        for (std::uint64_t ago = 100; ago > 0; --ago) {
            const std::uint64_t time = model::unix_now_ns() - ago * kSecond;
            const std::uint64_t value = (101 - ago) << 20;
            ring_of(segment_.base(), kCoarseOffset)[time / kSecond % 900] = {time, value, value,
                                                                             time};
        }
    }

private:
    static constexpr std::uint64_t kPages = 8192;

    void keep_age() {
        const std::uint64_t age_ns = age_ms_ * 1'000'000;
        __atomic_store_n(&header().heartbeat_monotonic_ns, model::monotonic_now_ns() - age_ns,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&header().heartbeat_unix_ns, model::unix_now_ns() - age_ns,
                         __ATOMIC_RELAXED);
    }

    SharedSegment segment_;
    std::vector<std::string> accounts_;
    std::atomic<std::uint64_t> age_ms_ = 0;
    std::jthread beating_;
};

struct Figures {
    std::uint64_t current, peak, total, live, allocations, frees;
};

template <class Row>
Row usage_row(std::uint32_t device, std::uint32_t pool, std::uint32_t memory, const char* name,
              const Figures& f) {
    Row row{};
    row.device = device;
    row.pool = pool;
    row.memory = memory;
    set_text(row.pool_name, name);
    row.current = f.current;
    row.peak = f.peak;
    row.total_allocated = f.total;
    row.total_freed = f.total - f.current;
    row.live = f.live;
    row.allocations = f.allocations;
    row.frees = f.frees;
    row.exact = row.peak_exact = 1;
    return row;
}

inline tidemark_process_row process_row(std::uint64_t image, std::int32_t pid, const char* name,
                                        const char* command) {
    tidemark_process_row row{};
    row.image = image;
    row.pid = pid;
    row.uid = 0;
    row.state = TIDEMARK_PROCESS_RUNNING;
    row.start_unix_ns = kStart;
    row.exact = 1;
    set_text(row.name, name);
    set_text(row.command, command);
    return row;
}

inline tidemark_process_usage_row process_usage(std::uint64_t image,
                                                tidemark_process_usage_row row) {
    row.image = image;
    return row;
}

inline constexpr std::uint64_t kTrainer = 0xA1;
inline constexpr std::uint64_t kServer = 0xB2;
inline constexpr std::uint64_t kGone = 0xC3;

// Two accelerators and the host, two programs that run and one that exited and left something.
void a_busy_machine(FakeCollector& collector);

}  // namespace tidemark::test
