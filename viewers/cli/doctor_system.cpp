// SPDX-License-Identifier: Apache-2.0
//
// Doctor's questions about the machine.
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "viewers/cli/doctor_check.hpp"
#include "viewers/cli/programs.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

constexpr long kTmpfsMagic = 0x01021994;  // TMPFS_MAGIC of linux/magic.h
constexpr std::uint64_t kLittleFree = std::uint64_t{16} << 20;
constexpr std::uint64_t kUsualMaps = 65530;  // the kernel's default of vm.max_map_count
constexpr std::uint64_t kUsualDescriptors = 1024;

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

Check check_shm() {
    struct statfs fs {};
    const std::string folder = model::kShmDirectory;
    if (::statfs(folder.c_str(), &fs) != 0) {
        return {"shared memory", Level::kProblem, folder + ": " + std::strerror(errno),
                "mount a tmpfs at " + folder};
    }
    if (fs.f_type != kTmpfsMagic) {
        return {"shared memory", Level::kProblem,
                folder + " is not a tmpfs: a disk would stall programs",
                "mount a tmpfs at " + folder};
    }
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
        return {"shared memory", Level::kProblem, folder + ": " + std::strerror(errno),
                "chmod 1777 " + folder};
    }
    const std::uint64_t block = static_cast<std::uint64_t>(fs.f_bsize);
    const std::uint64_t free = fs.f_bavail * block;
    const std::string text = folder + " is a tmpfs of " + model::format_bytes(fs.f_blocks * block) +
                             ", " + model::format_bytes(free) + " free";
    // A tmpfs without a size limit reports 0 blocks.
    if (fs.f_blocks != 0 && free < kLittleFree) {
        return {"shared memory", Level::kWarning, text,
                "make it larger: mount -o remount,size=256M " + folder + " (docker: --shm-size)"};
    }
    return {"shared memory", Level::kOk, text, ""};
}

Check check_maps() {
    const auto maps = model::parse_unsigned(first_line("/proc/sys/vm/max_map_count"));
    if (!maps) {
        return {"memory maps", Level::kOk, "the limit of maps is unknown", ""};
    }
    const std::string text = "vm.max_map_count is " + model::format_count(*maps) +
                             " (a collector maps each program's ring)";
    if (*maps < kUsualMaps) {
        return {"memory maps", Level::kWarning, text, "sysctl vm.max_map_count=65530"};
    }
    return {"memory maps", Level::kOk, text, ""};
}

std::string limit_text(rlim_t limit) {
    return limit == RLIM_INFINITY ? "unlimited" : model::format_count(limit);
}

Check check_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::string text = "open files: " + limit_text(limit.rlim_cur) + " (at most " +
                             limit_text(limit.rlim_max) + ")";
    if (limit.rlim_max < kUsualDescriptors) {
        return {"descriptors", Level::kWarning, text, "raise it: ulimit -n 1024"};
    }
    return {"descriptors", Level::kOk, text, ""};
}

Check check_file_size() {
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    if (limit.rlim_cur == RLIM_INFINITY) {
        return {"file size", Level::kOk, "no limit of file sizes", ""};
    }
    return {"file size", Level::kWarning,
            "file sizes are limited to " + model::format_bytes(limit.rlim_cur) +
                ": rings and segments may not be made",
            "lift it: ulimit -f unlimited"};
}

Check check_clock() {
    const std::string source =
        first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (source.empty()) {
        return {"clock", Level::kOk, "the kernel's clock source is unknown", ""};
    }
    for (const char* fast :
         {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"}) {
        if (source == fast) {
            return {"clock", Level::kOk, "clock source " + source, ""};
        }
    }
    return {"clock", Level::kWarning,
            "clock source " + source + ": a time stamp costs a system call or more",
            "boot with clocksource=tsc if this machine's TSC is sound"};
}

Check check_found(const char* name, const Found& found, const char* todo) {
    if (found.path.empty()) {
        return {name, Level::kWarning, found.error, todo};
    }
    return {name, Level::kOk, found.path, ""};
}

}  // namespace

const char* level_word(Level level) {
    return level == Level::kOk ? "ok" : level == Level::kWarning ? "warning" : "problem";
}

std::vector<Check> check_system() {
    return {check_shm(),
            check_maps(),
            check_descriptors(),
            check_file_size(),
            check_clock(),
            check_found("malloc tracker", find_malloc_tracker(),
                        "install it, or set TIDEMARK_MALLOC_LIB to its path"),
            check_found("tidemarkd", find_collector(), "install it, or put it in PATH")};
}

}  // namespace tidemark::cli
