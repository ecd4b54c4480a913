// SPDX-License-Identifier: Apache-2.0
//
// The reader of the stats segment for C++20: ownership, types and snapshots around stats_reader.h, which does the work
// and says what is promised. Headers only, no dependency, no exceptions of its own. Not for live buffers
// (account_reader.hpp).
//
//     std::string error;
//     auto reader = tidemark::StatsReader::open({}, &error);
//     if (!reader) return complain(error);
//     for (const tidemark_usage_row& row : reader->all<tidemark_usage_row>()) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include "tidemark/stats_reader.h"
#pragma GCC diagnostic pop

namespace tidemark {

// Which table a row type belongs to: kTableOf<tidemark_usage_row> is TIDEMARK_TABLE_USAGE.
template <class Row>
inline constexpr tidemark_stats_table_id kTableOf = TIDEMARK_TABLE_COUNT;
#define TIDEMARK_X(ID, name, capacity)                                         \
    template <>                                                                \
    inline constexpr tidemark_stats_table_id kTableOf<tidemark_##name##_row> = \
        TIDEMARK_TABLE_##ID;
TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X

template <class Row>
concept StatsRow = kTableOf<Row>
!= TIDEMARK_TABLE_COUNT;

// The text of a `text` field: up to its terminating zero, or all of it if it is full.
template <std::size_t N>
std::string_view text_of(const char (&field)[N]) {
    const std::string_view all(field, N);
    return all.substr(0, all.find('\0'));
}

// Owns one map of a stats segment. Reading: any thread. Moving, closing: one thread, while none reads.
class StatsReader {
public:
    // As tidemark_reader_open. Nothing: `*error`, if given, is the sentence to show.
    static std::optional<StatsReader> open(const std::optional<std::string>& instance = {},
                                           std::string* error = nullptr) {
        return open_trusting(instance, geteuid(), error);
    }

    // Also accepts a segment that `uid` owns.
    static std::optional<StatsReader> open_trusting(const std::optional<std::string>& instance,
                                                    uid_t uid, std::string* error = nullptr) {
        StatsReader reader;
        const char* name = instance ? instance->c_str() : nullptr;
        reader.error_ = tidemark_reader_open_trusting(&reader.raw_, name, uid);
        return finish(std::move(reader), error);
    }

    // A segment in the caller's memory, 8-byte aligned, which must outlive the reader.
    static std::optional<StatsReader> from_memory(const void* base, std::size_t size,
                                                  std::string* error = nullptr) {
        StatsReader reader;
        reader.error_ = tidemark_reader_open_memory(&reader.raw_, base, size);
        return finish(std::move(reader), error);
    }

    StatsReader(StatsReader&& other) noexcept
        : raw_(std::exchange(other.raw_, {})), error_(other.error_) {}
    StatsReader& operator=(StatsReader&& other) noexcept {
        if (this != &other) {
            tidemark_reader_close(&raw_);
            raw_ = std::exchange(other.raw_, {});
        }
        return *this;
    }
    StatsReader(const StatsReader&) = delete;
    StatsReader& operator=(const StatsReader&) = delete;
    ~StatsReader() { tidemark_reader_close(&raw_); }

    // One row, without a system call; a few nanoseconds. `row` is defined for OK and FREE.
    template <StatsRow Row>
    tidemark_read_result read(std::uint32_t index, Row& row) const {
        return static_cast<tidemark_read_result>(
            tidemark_reader_row(&raw_, kTableOf<Row>, index, &row, sizeof row));
    }

    // The row if it is in use and could be read.
    template <StatsRow Row>
    std::optional<Row> read(std::uint32_t index) const {
        Row row;
        return read(index, row) == TIDEMARK_READ_OK ? std::optional<Row>(row) : std::nullopt;
    }

    template <StatsRow Row>
    std::uint32_t rows() const {
        return tidemark_reader_rows(&raw_, kTableOf<Row>);
    }

    // All rows in use. `*consistent`: they are of one moment and none was missed. For several tables at once, frame
    // them with moment() and unchanged_since().
    template <StatsRow Row>
    std::vector<Row> all(bool* consistent = nullptr) const {
        std::vector<Row> found;
        const std::uint64_t begun = moment();
        const std::uint32_t count = rows<Row>();
        bool complete = true;
        Row row;
        for (std::uint32_t i = 0; i < count; ++i) {
            const tidemark_read_result result = read(i, row);
            complete = complete && result != TIDEMARK_READ_BUSY;
            if (result == TIDEMARK_READ_OK) {
                found.push_back(row);
            }
        }
        if (consistent) {
            *consistent = complete && unchanged_since(begun);
        }
        return found;
    }

    // SYNC(pass). What was read since `moment` was taken belongs to it if nothing was published in between.
    std::uint64_t moment() const { return tidemark_reader_pass_ended(&raw_); }
    bool unchanged_since(std::uint64_t moment) const {
        return tidemark_reader_pass_begun(&raw_) == moment;
    }

    // The sample of the 100 ms (or, `coarse`, 1 s) that holds `unix_ns`, if anything changed in it.
    std::optional<tidemark_stats_sample> history(const tidemark_history_row& row, bool coarse,
                                                 std::uint64_t unix_ns) const {
        tidemark_stats_sample sample;
        const int result = tidemark_reader_history(&raw_, &row, coarse ? 1 : 0, unix_ns, &sample);
        return result == TIDEMARK_READ_OK ? std::optional(sample) : std::nullopt;
    }

    tidemark_collector_state state() const {
        return static_cast<tidemark_collector_state>(tidemark_reader_state(&raw_));
    }
    bool superseded() const { return tidemark_reader_superseded(&raw_) != 0; }
    std::uint64_t heartbeat_count() const { return tidemark_reader_heartbeat_count(&raw_); }
    std::uint64_t heartbeat_unix_ns() const { return tidemark_reader_heartbeat_unix_ns(&raw_); }
    std::uint64_t heartbeat_monotonic_ns() const {
        return tidemark_reader_heartbeat_monotonic_ns(&raw_);
    }

    std::string_view instance() const { return text_of(raw_.header->instance); }
    std::string_view control_socket() const {
        return raw_.control_socket ? std::string_view(raw_.control_socket) : std::string_view();
    }
    std::string_view schema() const {
        std::size_t size = 0;
        const char* json = tidemark_reader_schema(&raw_, &size);
        return {json, size};
    }

    // The header's constant words (version, generation, collector_pid ...) and the C reader itself.
    const tidemark_stats_header& header() const { return *raw_.header; }
    const tidemark_reader& raw() const { return raw_; }

private:
    StatsReader() = default;

    static std::optional<StatsReader> finish(StatsReader&& reader, std::string* error) {
        if (reader.error_ == TIDEMARK_READER_OK) {
            return std::move(reader);
        }
        if (error) {
            char text[512];
            *error = tidemark_reader_describe(&reader.raw_, reader.error_, text, sizeof text);
        }
        return std::nullopt;
    }

    tidemark_reader raw_{};
    int error_ = TIDEMARK_READER_OK;
};

}  // namespace tidemark
