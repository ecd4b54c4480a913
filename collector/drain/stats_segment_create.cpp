// SPDX-License-Identifier: Apache-2.0
//
// The stats segment as an object: laid out, given its name, taken away.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "collector/drain/stats_layout.hpp"
#include "collector/drain/stats_segment.hpp"
#include "collector/foreign_name.hpp"
#include "shm/kill_point.hpp"
#include "shm/stats_words.hpp"
#include "tidemark/stats_reader.h"
#include "tidemark/stats_schema.hpp"

namespace tidemark::collector {
namespace {

std::uint32_t row_size(std::uint64_t payload) {
    return static_cast<std::uint32_t>(rounded(TIDEMARK_STATS_ROW_PREFIX + 2 * payload, 64));
}

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

}  // namespace tidemark::collector
