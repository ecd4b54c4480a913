// SPDX-License-Identifier: Apache-2.0
//
// The stats segment as its writer sees it: made under a temporary name, renamed into place, rows published through
// their latches. What the rows say is the publisher's business. The layout is tidemark/stats_abi.h.
#pragma once

#include <cstdint>
#include <string>

#include "collector/configuration.hpp"
#include "shm/segment.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::collector {

// Drain thread only.
class StatsSegment {
public:
    static std::string name_of(const std::string& instance);

    // Makes a fresh segment, complete but for rows. It is seen by nobody until put_in_place.
    [[nodiscard]] bool create(const Configuration& configuration, std::uint64_t generation,
                              std::string& error);
    // Marks the predecessor superseded, if there is one, and takes its name.
    [[nodiscard]] bool put_in_place(std::string& error);
    // Copies the samples that the predecessor kept for this device and pool. False: it has none, or another layout.
    bool inherit_samples(std::uint32_t series, std::uint32_t device,
                         const char* pool_name) noexcept;
    // True while the name still leads to this segment, or if it never was to.
    bool in_place() const noexcept;
    void remove() noexcept;

    tidemark_stats_header& header() noexcept {
        return *reinterpret_cast<tidemark_stats_header*>(segment_.data());
    }
    std::byte* base() const noexcept { return segment_.data(); }

    // Publishes row `index`; makes its memory present first. False: the table is full or there is no space.
    template <class Row>
    bool publish(tidemark_stats_table_id table, std::uint32_t index, const Row& row);
    // Rows that a table may have.
    static std::uint32_t places(tidemark_stats_table_id table) noexcept;
    // False: the table has no such row, whatever space there is.
    bool has_place(tidemark_stats_table_id table, std::uint32_t index) noexcept;
    void set_rows_used(tidemark_stats_table_id table, std::uint32_t rows) noexcept;

    // History samples of row `series`, once made ready; null beyond the table.
    bool make_samples_ready(std::uint32_t series) noexcept;
    tidemark_stats_sample* samples(std::uint32_t series, bool coarse) noexcept;
    std::uint64_t samples_offset(std::uint32_t series, bool coarse) const noexcept;

    void begin_pass(std::uint64_t pass) noexcept;
    void end_pass(std::uint64_t pass) noexcept;
    void heartbeat(std::uint64_t unix_ns, std::uint64_t monotonic_ns) noexcept;
    void set_state(tidemark_collector_state state) noexcept;

private:
    tidemark_stats_table& table(tidemark_stats_table_id id) noexcept;
    std::byte* row(tidemark_stats_table_id table, std::uint32_t index) noexcept;
    bool make_ready(std::uint64_t offset, std::uint64_t length,
                    std::uint64_t& ready_until) noexcept;

    std::string name_;
    std::string temporary_name_;
    shm::Segment segment_;
    shm::Segment predecessor_;  // until put_in_place
    std::uint64_t ready_until_[TIDEMARK_TABLE_COUNT] = {};
    std::uint64_t samples_start_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace tidemark::collector
