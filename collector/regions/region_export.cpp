// SPDX-License-Identifier: Apache-2.0
#include "collector/regions/region_export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "collector/log.hpp"
#include "collector/pool_fields.hpp"
#include "shm/clock.hpp"

namespace tidemark::collector::regions {
namespace {

Region empty_region(std::uint32_t device) {
    Region region{};
    region.version = kNewestVersion;
    region.board_serial = kOwnSerial;
    region.asic_id = device;
    region.device_id = device;
    for (Chip& chip : region.chips)
        chip.chip_id = kUnusedChip;
    region.chips[0].chip_id = device;
    region.init_state = kReady;
    return region;
}

// The process's place, a free one if it has none; null: all are taken, and it is only in the device's sums.
Process* place_of(Region& region, const tidemark_process_usage_row& usage) {
    for (Process& process : region.processes) {
        if (process.pid == usage.pid) return &process;
        if (process.pid != 0) continue;
        process.pid = usage.pid;
        ++region.active_processes;
        ++region.reference_count;
        return &process;
    }
    return nullptr;
}

}  // namespace

RegionExport::~RegionExport() {
    for (const auto& [device, descriptor] : descriptors_) {
        unlink(path_of(device).c_str());
        close(descriptor);
    }
}

std::string RegionExport::path_of(std::uint32_t device) const {
    return directory_ + "/" + kPrefix + std::to_string(device) + kSuffix;
}

std::map<std::uint32_t, Region> RegionExport::regions_of_devices(const StatsReader& stats) {
    std::map<std::uint32_t, Region> regions;
    for (const tidemark_device_row& row : stats.all<tidemark_device_row>())
        if (row.kind == TIDEMARK_DEVICE_KIND_ACCELERATOR)
            regions.emplace(row.device, empty_region(row.device));
    const auto add = [&](const auto& usage, const auto& add_to) {
        const auto region = regions.find(usage.device);
        if (region != regions.end()) add_to(region->second);
    };
    for (const tidemark_usage_row& usage : stats.all<tidemark_usage_row>())
        add(usage, [&](Region& region) {
            if (std::uint64_t* total = pool_field(region, usage.pool)) *total += usage.current;
            if (std::uint64_t* chip = pool_field(region.chips[0], usage.pool))
                *chip += usage.current;
        });
    std::map<std::uint64_t, tidemark_process_row> running;
    for (const tidemark_process_row& row : stats.all<tidemark_process_row>())
        if (row.state == TIDEMARK_PROCESS_RUNNING && row.pid > 0) running.emplace(row.image, row);
    for (const tidemark_process_usage_row& usage : stats.all<tidemark_process_usage_row>()) {
        const auto process = running.find(usage.image);
        if (process == running.end()) continue;
        add(usage, [&](Region& region) {
            Process* place = place_of(region, usage);
            if (place == nullptr) return;
            std::memcpy(place->name, process->second.name, sizeof process->second.name);
            if (std::uint64_t* figure = pool_field(*place, usage.pool)) *figure += usage.current;
        });
    }
    return regions;
}

// Ours from an earlier run is taken over; what tt-metal made stays its own.
int RegionExport::open_region(std::uint32_t device) {
    const auto known = descriptors_.find(device);
    if (known != descriptors_.end()) return known->second;
    if (refused_.contains(device)) return -1;
    const std::string path = path_of(device);
    const int old = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (old >= 0) {
        Region found{};
        const bool ours =
            pread(old, &found, sizeof found, 0) == sizeof found && found.board_serial == kOwnSerial;
        close(old);
        if (ours) unlink(path.c_str());
    }
    const int made = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made >= 0) return with_space(device, made);
    refused_.insert(device);
    log_warning("cannot write the region " + path + ": " + std::strerror(errno) +
                "; if tt-metal made it, its own figures stand there");
    return -1;
}

// All of it or nothing: a reader would take half a region for a whole one. Tried again with the next change.
int RegionExport::with_space(std::uint32_t device, int descriptor) {
    const int reason = posix_fallocate(descriptor, 0, sizeof(Region));
    if (reason == 0) {
        starved_.erase(device);
        return descriptors_[device] = descriptor;
    }
    unlink(path_of(device).c_str());
    close(descriptor);
    if (starved_.insert(device).second)
        log_warning("cannot write the region " + path_of(device) + ": " + std::strerror(reason) +
                    "; it is written once there is space");
    return -1;
}

void RegionExport::write() {
    if (!reader_ || reader_->superseded()) reader_ = StatsReader::open(instance_);
    if (!reader_) return;
    for (auto& [device, region] : regions_of_devices(*reader_)) {
        Region& last = written_[device];
        region.last_update_ns = last.last_update_ns;
        const int descriptor = open_region(device);
        if (descriptor < 0 || std::memcmp(&last, &region, sizeof region) == 0) continue;
        region.last_update_ns = shm::monotonic_ns(CLOCK_REALTIME);
        if (pwrite(descriptor, &region, sizeof region, 0) == sizeof region) last = region;
    }
}

}  // namespace tidemark::collector::regions
