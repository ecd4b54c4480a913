// SPDX-License-Identifier: Apache-2.0
#include "collector/regions/region_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "collector/log.hpp"

namespace tidemark::collector::regions {
namespace {

constexpr off_t kSizeOfVersion1 = 9280;
constexpr int kCopies = 4;  // until two in a row are the same

struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) close(fd);
    }
};

// It lives, and belongs to `owner`; a region of root's may name anybody.
bool may_name(std::uint32_t owner, std::int32_t pid) {
    struct stat status {};
    const std::string folder = "/proc/" + std::to_string(pid);
    return stat(folder.c_str(), &status) == 0 && (owner == 0 || status.st_uid == owner);
}

template <class Figures>
void copy_figures(tidemark_region_row& row, const Figures& figures) {
    row.dram = figures.dram;
    row.l1 = figures.l1;
    row.l1_small = figures.l1_small;
    row.trace = figures.trace;
    row.cb = figures.cb;
}

tidemark_region_row row_of(std::uint64_t region, tidemark_region_kind kind, std::uint32_t device) {
    tidemark_region_row row{};
    row.in_use = 1;
    row.kind = kind;
    row.region = region;
    row.device = device;
    return row;
}

// A device without a list of chips is one chip.
void add_chips(std::uint64_t number, const Region& region, std::vector<tidemark_region_row>& rows) {
    bool any = false;
    for (const Chip& chip : region.chips) {
        if (chip.chip_id >= TIDEMARK_DEVICE_HOST) continue;
        any = true;
        tidemark_region_row& row =
            rows.emplace_back(row_of(number, TIDEMARK_REGION_CHIP, chip.chip_id));
        row.remote = chip.is_remote != 0 ? 1 : 0;
        copy_figures(row, chip);
    }
    if (any) return;
    copy_figures(rows.emplace_back(row_of(number, TIDEMARK_REGION_CHIP, region.device_id)), region);
}

void add_processes(std::uint64_t number, const Region& region, std::uint32_t owner,
                   std::vector<tidemark_region_row>& rows) {
    for (const Process& process : region.processes) {
        if (process.pid <= 0 || !may_name(owner, process.pid)) continue;
        tidemark_region_row& row =
            rows.emplace_back(row_of(number, TIDEMARK_REGION_PROCESS, region.device_id));
        row.pid = process.pid;
        copy_figures(row, process);
        std::memcpy(row.name, process.name, sizeof row.name - 1);
    }
}

}  // namespace

std::optional<std::uint64_t> region_of(const std::string& name) {
    constexpr std::size_t kBefore = sizeof kPrefix - 1, kAfter = sizeof kSuffix - 1;
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix) || name.size() <= kBefore + kAfter)
        return std::nullopt;
    std::uint64_t number = 0;
    const char* end = name.data() + name.size() - kAfter;
    const auto result = std::from_chars(name.data() + kBefore, end, number);
    return result.ec == std::errc() && result.ptr == end ? std::optional(number) : std::nullopt;
}

std::vector<tidemark_region_row> RegionSource::read() {
    std::vector<std::string> names;
    std::error_code error;
    auto entry = std::filesystem::directory_iterator(directory_, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        if (region_of(entry->path().filename())) names.push_back(entry->path().filename());
    std::sort(names.begin(), names.end());
    std::vector<tidemark_region_row> chips, processes;
    for (const std::string& name : names) {
        std::uint32_t owner = 0;
        const std::optional<Region> region = copy(name, owner);
        if (!region || region->device_id >= TIDEMARK_DEVICE_HOST) continue;
        add_chips(*region_of(name), *region, chips);
        add_processes(*region_of(name), *region, owner, processes);
    }
    chips.insert(chips.end(), processes.begin(), processes.end());
    return chips;
}

// By read, not by a mapping: its size may change at any moment.
std::optional<Region> RegionSource::copy(const std::string& name, std::uint32_t& owner) {
    const std::string path = directory_ + "/" + name;
    const Descriptor file{open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    struct stat status {};
    if (file.fd < 0 || fstat(file.fd, &status) != 0) {
        if (errno != ENOENT && errno != EACCES) refuse(name, std::strerror(errno));
        return std::nullopt;  // of another user: his collector reads it
    }
    owner = status.st_uid;
    Region now{}, before{};
    if (!S_ISREG(status.st_mode) || status.st_size < static_cast<off_t>(sizeof now)) {
        refuse(name, "it is no region of versions 2 to 4");
        return std::nullopt;
    }
    for (int i = 0; i < kCopies; ++i) {
        before = now;
        if (pread(file.fd, &now, sizeof now, 0) != sizeof now) return std::nullopt;
        if (i > 0 && std::memcmp(&now, &before, sizeof now) == 0) break;
    }
    if (now.board_serial == kOwnSerial) return std::nullopt;
    if (now.version == 1 || status.st_size == kSizeOfVersion1) {
        refuse(name, "version 1 has another layout; update tt-metal");
    } else if (now.version < kOldestVersion || now.version > kNewestVersion) {
        if (now.version != 0)  // being made
            refuse(name, "version " + std::to_string(now.version) + " is not known here");
    } else if (now.version < kNewestVersion || now.init_state == kReady) {
        return now;
    }
    return std::nullopt;
}

void RegionSource::refuse(const std::string& name, const std::string& why) {
    if (!refused_.insert(name).second) return;
    log_warning("cannot read tt-metal's region " + directory_ + "/" + name + ": " + why +
                "; it is left out");
}

}  // namespace tidemark::collector::regions
