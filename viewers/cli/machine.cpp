// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/machine.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "viewers/cli/failure.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::cli {
namespace {

[[noreturn]] void wrong_assignment(const std::string& word) {
    usage_error(
        "--sensor takes DEVICE=SOURCE, such as 0=nvidia:0, 1=tenstorrent:2 or 2=none, not '" +
        word + "'");
}

// A monitor does not list itself, when it runs under the tracker. Told by more than its pid, which may be another
// process's in the collector's pid namespace.
void remove_own(model::Snapshot& snapshot) {
    const auto comm = sensors::Tree().line("/proc/self/comm");
    std::erase_if(snapshot.processes, [&](const model::Process& process) {
        return !process.exited && process.pid == ::getpid() && process.uid == ::geteuid() &&
               process.name == comm;
    });
}

}  // namespace

model::Assignment parse_assignment(const std::vector<std::string>& words) {
    model::Assignment assignment;
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        const auto device = model::parse_device(word.substr(0, equals));
        if (equals == std::string::npos || !device) {
            wrong_assignment(word);
        }
        const std::string source = word.substr(equals + 1);
        assignment[*device] = sensors::parse_source(source);
        if (!assignment[*device] && source != "none") {
            wrong_assignment(word);
        }
    }
    return assignment;
}

// A root that is misspelt must not look like a machine without sensors.
std::string checked_root(const std::optional<std::string>& root) {
    struct stat about {};
    if (root && ::stat(root->c_str(), &about) != 0) {
        usage_error("--sysfs-root: " + *root + ": " + std::strerror(errno));
    }
    if (root && !S_ISDIR(about.st_mode)) {
        usage_error("--sysfs-root takes a folder; " + *root + " is none");
    }
    return root.value_or("");
}

void SensorOptions::add_to(OptionSet& set) {
    set.text("--sysfs-root", sysfs_root);
    set.list("--sensor", assigned);
}

Machine::Machine(const Options& options, const SensorOptions& sensors)
    : options_(options),
      sensors_(checked_root(sensors.sysfs_root)),
      assignment_(parse_assignment(sensors.assigned)),
      source_(find_source(options)) {}

model::Snapshot Machine::read_figures() {
    if (!source_) {
        source_ = find_source(options_);
    }
    return source_ ? source_->read() : without_figures(options_);
}

model::Snapshot Machine::read(bool compare_kernel) {
    model::Snapshot snapshot = read_figures();
    remove_own(snapshot);
    model::complete(snapshot, model::assign(sensors_.read(), assignment_));
    for (const auto& [device, reading] : snapshot.hardware->readings) {
        if (compare_kernel && reading.source.kind == sensors::Kind::kTenstorrent) {
            snapshot.kernel.push_back(
                model::compare(snapshot, device, sensors_.holders(reading.source.index)));
        }
    }
    return snapshot;
}

}  // namespace tidemark::cli
