// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/stats_segment.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "collector/foreign_name.hpp"
#include "shm/kill_point.hpp"
#include "shm/latch.hpp"
#include "shm/stats_words.hpp"
#include "tidemark/stats_reader.h"
#include "tidemark/stats_schema.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kSamplesPerSeries =
    TIDEMARK_HISTORY_FINE_COUNT + TIDEMARK_HISTORY_COARSE_COUNT;

std::uint64_t rounded(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

std::uint32_t row_size(std::uint64_t payload) {
    return static_cast<std::uint32_t>(rounded(TIDEMARK_STATS_ROW_PREFIX + 2 * payload, 64));
}

struct TableShape {
    const char* name;
    std::uint32_t payload;
    std::uint32_t capacity;
};

constexpr TableShape kShapes[TIDEMARK_TABLE_COUNT] = {
#define TIDEMARK_X(ID, name, capacity) {#name, sizeof(tidemark_##name##_row), capacity},
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
};

std::string path_of(const std::string& name) { return "/dev/shm/" + name; }

// Tells those who read the segment that there is another one, and removes it.
void supersede(const std::string& name) {
    shm::Segment old;
    std::string none;
    if (shm::Segment::open(name, shm::Segment::Access::kReadWrite, geteuid(),
                           sizeof(tidemark_stats_header), old, none)) {
        shm::publish_state(*reinterpret_cast<tidemark_stats_header*>(old.data()),
                           TIDEMARK_COLLECTOR_SUPERSEDED);
    }
    shm::Segment::unlink(name);
}

}  // namespace

std::string StatsSegment::name_of(const std::string& instance) {
    return "tidemark." + instance + ".stats";
}

bool StatsSegment::create(const Configuration& configuration, std::uint64_t generation,
                          std::string& error) {
    name_ = name_of(configuration.instance);
    temporary_name_ = name_ + ".new";
    supersede(
        temporary_name_);  // of a collector that was killed meanwhile; we hold the instance's lock
    const std::string schema = stats_schema();
    const std::string& socket = configuration.control_socket;
    const std::uint64_t directory = sizeof(tidemark_stats_header);
    const std::uint64_t schema_at = directory + TIDEMARK_TABLE_COUNT * sizeof(tidemark_stats_table);
    const std::uint64_t socket_at = rounded(schema_at + schema.size() + 1, 64);
    std::uint64_t end = rounded(socket_at + socket.size() + 1, kPage);
    const std::uint64_t fixed = end;
    std::uint64_t rows_at[TIDEMARK_TABLE_COUNT];
    for (int i = 0; i < TIDEMARK_TABLE_COUNT; ++i) {
        rows_at[i] = end;
        end =
            rounded(end + std::uint64_t{row_size(kShapes[i].payload)} * kShapes[i].capacity, kPage);
    }
    samples_start_ = end;
    end += kShapes[TIDEMARK_TABLE_HISTORY].capacity * kSamplesPerSeries *
           sizeof(tidemark_stats_sample);
    const bool made = make_at(path_of(temporary_name_), [&] {
        return shm::Segment::create(temporary_name_, rounded(end, kPage), configuration.stats_mode,
                                    segment_, error);
    });
    if (!made) return false;
    if (!segment_.populate(0, fixed)) {
        shm::Segment::unlink(temporary_name_);
        error = "cannot reserve memory for /dev/shm/" + name_ +
                ": no space; free some or enlarge /dev/shm";
        return false;
    }
    if (!configuration.stats_group.empty()) {
        const group* entry = getgrnam(configuration.stats_group.c_str());
        if (entry == nullptr ||
            chown(path_of(temporary_name_).c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0) {
            error = "cannot give /dev/shm/" + name_ + " to group " + configuration.stats_group +
                    ": " + (entry == nullptr ? "no such group" : std::strerror(errno));
            return false;
        }
    }
    tidemark_stats_header& h = header();
    h.byte_order = TIDEMARK_STATS_BYTE_ORDER;
    h.version_major = TIDEMARK_STATS_MAJOR;
    h.version_minor = TIDEMARK_STATS_MINOR;
    h.header_size = sizeof h;
    h.segment_size = segment_.size();
    h.generation = generation;
    h.directory_offset = directory;
    h.table_count = TIDEMARK_TABLE_COUNT;
    h.schema_offset = schema_at;
    h.schema_size = schema.size();
    h.control_socket_offset = socket.empty() ? 0 : socket_at;
    h.collector_pid = getpid();
    h.collector_uid = geteuid();
    std::strncpy(h.instance, configuration.instance.c_str(), sizeof h.instance - 1);
    h.state = TIDEMARK_COLLECTOR_RUNNING;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    h.created_unix_ns = static_cast<std::uint64_t>(now.tv_sec) * 1000000000u +
                        static_cast<std::uint64_t>(now.tv_nsec);
    std::memcpy(segment_.data() + schema_at, schema.data(), schema.size());
    std::memcpy(segment_.data() + socket_at, socket.c_str(), socket.size() + 1);
    for (int i = 0; i < TIDEMARK_TABLE_COUNT; ++i) {
        tidemark_stats_table& t = table(static_cast<tidemark_stats_table_id>(i));
        t.table = static_cast<std::uint32_t>(i);
        t.payload_size = kShapes[i].payload;
        t.row_size = row_size(kShapes[i].payload);
        t.row_capacity = kShapes[i].capacity;
        t.rows_offset = rows_at[i];
        std::strncpy(t.name, kShapes[i].name, sizeof t.name - 1);
        ready_until_[i] = rows_at[i];
    }
    TIDEMARK_SHARED_STORE("stats.magic", h.magic = TIDEMARK_STATS_MAGIC);
    segment_.release_descriptor();
    std::string none;
    if (shm::Segment::open(name_, shm::Segment::Access::kReadWrite, geteuid(), sizeof h,
                           predecessor_, none)) {
        predecessor_.release_descriptor();
    }
    return true;
}

bool StatsSegment::put_in_place(std::string& error) {
    struct stat status = {};
    const std::string from = path_of(temporary_name_);
    const std::string to = path_of(name_);
    // They change places, so that the old one keeps a name until it is marked: if we are killed in between, the next
    // collector finds it there.
    const bool known = stat(from.c_str(), &status) == 0;
    TIDEMARK_KILL_POINT("stats.exchange");
    const bool exchanged =
        known && renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0;
    if (!exchanged && (!known || std::rename(from.c_str(), to.c_str()) != 0)) {
        error = "cannot publish " + to + ": " + std::strerror(errno);
        return false;
    }
    inode_ = status.st_ino;
    TIDEMARK_KILL_POINT("stats.in_place");
    if (exchanged) supersede(temporary_name_);
    if (exchanged) take_name_back(temporary_name_);  // a squatter's, if that could not be removed
    predecessor_ = {};
    return true;
}

bool StatsSegment::in_place() const noexcept {
    if (inode_ == 0) return true;
    struct stat status = {};
    return stat(path_of(name_).c_str(), &status) == 0 && status.st_ino == inode_;
}

void StatsSegment::remove() noexcept {
    if (in_place()) shm::Segment::unlink(name_);
}

tidemark_stats_table& StatsSegment::table(tidemark_stats_table_id id) noexcept {
    return reinterpret_cast<tidemark_stats_table*>(segment_.data() +
                                                   sizeof(tidemark_stats_header))[id];
}

bool StatsSegment::make_ready(std::uint64_t offset, std::uint64_t length,
                              std::uint64_t& ready_until) noexcept {
    if (offset + length <= ready_until) return true;
    const std::uint64_t until = rounded(offset + length, kPage);
    if (!segment_.populate(ready_until, until - ready_until)) return false;
    ready_until = until;
    return true;
}

std::byte* StatsSegment::row(tidemark_stats_table_id id, std::uint32_t index) noexcept {
    const tidemark_stats_table& t = table(id);
    if (index >= t.row_capacity) return nullptr;
    const std::uint64_t offset = t.rows_offset + std::uint64_t{index} * t.row_size;
    if (!make_ready(offset, t.row_size, ready_until_[id])) return nullptr;
    return segment_.data() + offset;
}

template <class Row>
bool StatsSegment::publish(tidemark_stats_table_id id, std::uint32_t index, const Row& payload) {
    std::byte* place = row(id, index);
    if (place == nullptr) return false;
    shm::publish_row(place, sizeof(Row), payload);
    if (index >= table(id).rows_used) shm::publish_rows_used(table(id), index + 1);
    return true;
}

#define TIDEMARK_X(ID, name, capacity)                                          \
    template bool StatsSegment::publish(tidemark_stats_table_id, std::uint32_t, \
                                        const tidemark_##name##_row&);
TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X

// Never beyond the rows whose memory is present: a reader that touched another would need space in /dev/shm itself.
void StatsSegment::set_rows_used(tidemark_stats_table_id id, std::uint32_t rows) noexcept {
    const tidemark_stats_table& t = table(id);
    const std::uint64_t present = (ready_until_[id] - t.rows_offset) / t.row_size;
    shm::publish_rows_used(table(id),
                           static_cast<std::uint32_t>(std::min<std::uint64_t>(rows, present)));
}

std::uint32_t StatsSegment::places(tidemark_stats_table_id id) noexcept {
    return kShapes[id].capacity;
}

bool StatsSegment::has_place(tidemark_stats_table_id id, std::uint32_t index) noexcept {
    return index < table(id).row_capacity;
}

std::uint64_t StatsSegment::samples_offset(std::uint32_t series, bool coarse) const noexcept {
    const std::uint64_t first =
        std::uint64_t{series} * kSamplesPerSeries + (coarse ? TIDEMARK_HISTORY_FINE_COUNT : 0);
    return samples_start_ + first * sizeof(tidemark_stats_sample);
}

tidemark_stats_sample* StatsSegment::samples(std::uint32_t series, bool coarse) noexcept {
    if (series >= kShapes[TIDEMARK_TABLE_HISTORY].capacity) return nullptr;
    return reinterpret_cast<tidemark_stats_sample*>(segment_.data() +
                                                    samples_offset(series, coarse));
}

bool StatsSegment::make_samples_ready(std::uint32_t series) noexcept {
    if (series >= kShapes[TIDEMARK_TABLE_HISTORY].capacity) return false;
    return segment_.populate(samples_offset(series, false),
                             kSamplesPerSeries * sizeof(tidemark_stats_sample));
}

bool StatsSegment::inherit_samples(std::uint32_t series, std::uint32_t device,
                                   const char* pool_name) noexcept {
    tidemark_reader reader;
    // The predecessor was ours, yet it is read like a stranger's: every offset is checked.
    if (!predecessor_ ||
        tidemark_reader_open_memory(&reader, predecessor_.data(), predecessor_.size()) != 0) {
        return false;
    }
    tidemark_history_row row;
    const auto is_it = [&](std::uint32_t index) {
        return tidemark_reader_row(&reader, TIDEMARK_TABLE_HISTORY, index, &row, sizeof row) ==
                   TIDEMARK_READ_OK &&
               row.device == device &&
               std::strncmp(row.pool_name, pool_name, sizeof row.pool_name) == 0;
    };
    std::uint32_t index = series;  // mostly
    if (!is_it(series))
        for (index = 0; index < places(TIDEMARK_TABLE_HISTORY) && !is_it(index);)
            ++index;
    if (index == places(TIDEMARK_TABLE_HISTORY)) return false;
    const std::uint64_t bytes = kSamplesPerSeries * sizeof(tidemark_stats_sample);
    if (row.fine_offset > predecessor_.size() || bytes > predecessor_.size() - row.fine_offset ||
        row.coarse_offset !=
            row.fine_offset + TIDEMARK_HISTORY_FINE_COUNT * sizeof(tidemark_stats_sample)) {
        return false;
    }
    std::memcpy(segment_.data() + samples_offset(series, false),
                predecessor_.data() + row.fine_offset, bytes);
    return true;
}

void StatsSegment::begin_pass(std::uint64_t pass) noexcept { shm::begin_pass(header(), pass); }
void StatsSegment::end_pass(std::uint64_t pass) noexcept { shm::end_pass(header(), pass); }
void StatsSegment::heartbeat(std::uint64_t unix_ns, std::uint64_t monotonic_ns) noexcept {
    shm::publish_heartbeat(header(), unix_ns, monotonic_ns);
}
void StatsSegment::set_state(tidemark_collector_state state) noexcept {
    shm::publish_state(header(), state);
}

}  // namespace tidemark::collector
