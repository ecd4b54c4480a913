// SPDX-License-Identifier: Apache-2.0
//
// A stats segment made for a test: complete, with as many rows a table as asked for, one history ring of each kind, a
// short schema and a control socket's path; in memory or under an instance name in /dev/shm. Not the collector's way of
// making one.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tidemark/stats_reader.hpp"

namespace tidemark::test {

inline constexpr std::string_view kSchema = "{\"schema\":1,\"tables\":[]}";
inline constexpr std::string_view kSocket = "/run/tidemark/test.sock";
inline constexpr std::uint64_t kFineOffset = 1024;
inline constexpr std::uint64_t kCoarseOffset =
    kFineOffset + TIDEMARK_HISTORY_FINE_COUNT * sizeof(tidemark_stats_sample);
inline constexpr std::uint64_t kRowsOffset =
    kCoarseOffset + TIDEMARK_HISTORY_COARSE_COUNT * sizeof(tidemark_stats_sample);

inline constexpr std::uint32_t kPayloadSizes[] = {
#define TIDEMARK_X(ID, name, capacity) sizeof(tidemark_##name##_row),
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
};

constexpr std::uint32_t row_size(std::uint32_t payload_size) {
    return (16 + 2 * payload_size + 63) / 64 * 64;
}

constexpr std::uint64_t segment_size(std::uint32_t rows) {
    std::uint64_t size = kRowsOffset;
    for (const std::uint32_t payload_size : kPayloadSizes) {
        size += std::uint64_t{rows} * row_size(payload_size);
    }
    return size;
}

inline tidemark_stats_header& header_of(void* base) {
    return *static_cast<tidemark_stats_header*>(base);
}

inline tidemark_stats_table& table_of(void* base, tidemark_stats_table_id table) {
    return reinterpret_cast<tidemark_stats_table*>(static_cast<std::byte*>(base) + 256)[table];
}

inline void* row_of(void* base, tidemark_stats_table_id table, std::uint32_t index) {
    const tidemark_stats_table& entry = table_of(base, table);
    return static_cast<std::byte*>(base) + entry.rows_offset +
           std::uint64_t{index} * entry.row_size;
}

inline tidemark_stats_sample* ring_of(void* base, std::uint64_t offset) {
    return reinterpret_cast<tidemark_stats_sample*>(static_cast<std::byte*>(base) + offset);
}

// Writes header, directory and texts into zeroed memory of segment_size(rows) bytes.
inline void lay_out(void* base, std::uint32_t rows) {
    tidemark_stats_header& header = header_of(base);
    header.magic = TIDEMARK_STATS_MAGIC;
    header.byte_order = TIDEMARK_STATS_BYTE_ORDER;
    header.version_major = TIDEMARK_STATS_MAJOR;
    header.header_size = sizeof header;
    header.segment_size = segment_size(rows);
    header.generation = 1;
    header.directory_offset = sizeof header;
    header.table_count = TIDEMARK_TABLE_COUNT;
    header.schema_offset = 832;
    header.schema_size = kSchema.size();
    header.control_socket_offset = 896;
    header.state = TIDEMARK_COLLECTOR_RUNNING;
    std::strcpy(header.instance, "test");
    std::memcpy(static_cast<char*>(base) + header.schema_offset, kSchema.data(), kSchema.size());
    std::memcpy(static_cast<char*>(base) + header.control_socket_offset, kSocket.data(),
                kSocket.size());
    std::uint64_t offset = kRowsOffset;
    for (std::uint32_t i = 0; i < TIDEMARK_TABLE_COUNT; ++i) {
        tidemark_stats_table& table = table_of(base, static_cast<tidemark_stats_table_id>(i));
        table.table = i;
        table.payload_size = kPayloadSizes[i];
        table.row_size = row_size(table.payload_size);
        table.row_capacity = rows;
        table.rows_used = rows;
        table.rows_offset = offset;
        offset += std::uint64_t{rows} * table.row_size;
    }
}

// A segment in this process's memory; exactly as large as it says, so that a sanitizer sees a step beyond it.
class MemorySegment {
public:
    explicit MemorySegment(std::uint32_t rows) : words_(segment_size(rows) / 8) {
        lay_out(base(), rows);
    }
    void* base() { return words_.data(); }
    std::size_t size() const { return words_.size() * 8; }

private:
    std::vector<std::uint64_t> words_;
};

// A segment under the name of an instance, mapped for writing, removed at the end. `what` keeps names apart.
class SharedSegment {
public:
    SharedSegment(const std::string& what, std::uint32_t rows)
        : instance_("test-" + std::to_string(getpid()) + "-" + what), size_(segment_size(rows)) {
        const int fd = ::open(path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(size_)) != 0) {
            throw std::runtime_error("cannot make " + path());
        }
        base_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        ::close(fd);
        if (base_ == MAP_FAILED) {
            throw std::runtime_error("cannot map " + path());
        }
        lay_out(base_, rows);
    }
    SharedSegment(const SharedSegment&) = delete;
    SharedSegment& operator=(const SharedSegment&) = delete;
    ~SharedSegment() {
        ::munmap(base_, size_);
        ::unlink(path().c_str());
    }
    void* base() const { return base_; }
    const std::string& instance() const { return instance_; }
    std::string path() const { return "/dev/shm/tidemark." + instance_ + ".stats"; }

private:
    std::string instance_;
    std::size_t size_;
    void* base_ = nullptr;
};

// A row all of whose words follow from one number, so that a torn one shows.
template <class Row>
Row row_made_of(std::uint64_t number) {
    std::uint64_t words[sizeof(Row) / 8];
    for (std::size_t i = 0; i < sizeof(Row) / 8; ++i) {
        words[i] = number * (i + 1);
    }
    words[1] = number << 32 | 1;  // in_use, and whatever lies beside it
    Row row;
    std::memcpy(&row, words, sizeof row);
    return row;
}

template <class Row>
bool is_whole(const Row& row) {
    const Row expected = row_made_of<Row>(row.pass);
    return std::memcmp(&row, &expected, sizeof row) == 0;
}

}  // namespace tidemark::test
