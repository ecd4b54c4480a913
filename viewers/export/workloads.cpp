// SPDX-License-Identifier: Apache-2.0
#include "viewers/export/workloads.hpp"

#include <charconv>
#include <string>

namespace tidemark::exporter {
namespace {

constexpr int kFieldsFromState = 22 - 3;  // field 3, the state, is the first behind the name

// Field 22; the name before it, in parentheses, may hold blanks and parentheses itself. Nothing for anything else.
std::optional<std::uint64_t> start_ticks_of(const std::string& stat) {
    std::size_t at = stat.rfind(')');
    for (int i = 0; i <= kFieldsFromState && at != std::string::npos; ++i) {
        at = stat.find(' ', at + 1);
    }
    if (at == std::string::npos) {
        return std::nullopt;
    }
    std::uint64_t ticks = 0;
    const char* const end = stat.data() + stat.size();
    const auto [rest, error] = std::from_chars(stat.data() + at + 1, end, ticks);
    return error == std::errc{} && rest != end && *rest == ' ' ? std::optional(ticks)
                                                               : std::nullopt;
}

}  // namespace

Workloads read_workloads(const model::Snapshot& snapshot, const sensors::Tree& tree) {
    Workloads found;
    for (const model::Process& process : snapshot.processes) {
        if (process.exited || !process.pid || !process.start_ticks) {
            continue;
        }
        const std::string folder = "/proc/" + std::to_string(*process.pid);
        const auto groups = tree.read(folder + "/cgroup");
        // Looked at behind the groups: a pid is not given anew while its process lives.
        const auto stat = groups ? tree.read(folder + "/stat") : std::nullopt;
        if (stat && start_ticks_of(*stat) == process.start_ticks) {
            found.emplace(process.image, workload_of(*groups));
        }
    }
    return found;
}

}  // namespace tidemark::exporter
