// SPDX-License-Identifier: Apache-2.0
#include "viewers/export/cgroup.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace tidemark::exporter {
namespace {

constexpr std::size_t kMostLines = 64;
constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kPodUid = 36;       // with dashes
constexpr std::size_t kPlainPodUid = 32;  // of a static pod: the hash of its manifest

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_id(std::string_view text) {
    return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), is_hex);
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) {
        return false;
    }
    text.remove_suffix(suffix.size());
    return true;
}

// "<id>", or "docker-<id>.scope" and its like; empty for anything else, such as "libpod-conmon-<id>.scope", which holds
// the container's keeper.
std::string_view container_of(std::string_view part) {
    take_suffix(part, ".scope");
    for (const std::string_view runtime : {"docker-", "cri-containerd-", "containerd-", "nerdctl-",
                                           "crio-", "libpod-payload-", "libpod-"}) {
        if (take_prefix(part, runtime)) {
            break;
        }
    }
    return is_id(part) ? part : std::string_view();
}

// "pod<uid>", or "kubepods-burstable-pod<uid with underscores>.slice"; empty for anything else.
std::string pod_of(std::string_view part) {
    if (take_suffix(part, ".slice")) {
        const bool known = take_prefix(part, "kubepods-burstable-") ||
                           take_prefix(part, "kubepods-besteffort-") ||
                           take_prefix(part, "kubepods-");
        if (!known) {
            return {};
        }
    }
    if (!take_prefix(part, "pod") || (part.size() != kPodUid && part.size() != kPlainPodUid)) {
        return {};
    }
    std::string uid(part);
    std::replace(uid.begin(), uid.end(), '_', '-');
    for (std::size_t i = 0; i < uid.size(); ++i) {
        const bool dash = uid.size() == kPodUid && (i == 8 || i == 13 || i == 18 || i == 23);
        if (dash ? uid[i] != '-' : !is_hex(uid[i])) {
            return {};
        }
    }
    return uid;
}

// Fills what is empty.
void take_part(Workload& found, std::string_view part) {
    // "kubepods-pod<uid>.slice:cri-containerd:<id>": containerd without its systemd driver.
    const std::size_t colon = part.rfind(':');
    if (colon != std::string_view::npos) {
        take_part(found, part.substr(0, part.find(':')));
        part.remove_prefix(colon + 1);
    }
    if (const std::string_view container = container_of(part); !container.empty()) {
        found.container = container;
    } else if (std::string pod = pod_of(part); !pod.empty()) {
        found.pod = std::move(pod);
    } else if (part.ends_with(".service")) {
        found.unit = part;  // the innermost: of a user's manager the user's own
    }
}

Workload workload_of_path(std::string_view path) {
    Workload found;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        take_part(found, path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return found;
}

void complete(Workload& found, const Workload& more) {
    for (const auto member : {&Workload::unit, &Workload::container, &Workload::pod}) {
        if ((found.*member).empty()) {
            found.*member = more.*member;
        }
    }
}

struct Line {
    int rank = 0;
    std::string_view path;
};

// "hierarchy:controllers:path". Where both versions are mounted, systemd's hierarchies know most: 0, then name=systemd.
bool parse(std::string_view text, Line& line) {
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    if (second == std::string_view::npos || text.size() > kLongestLine) {
        return false;
    }
    const std::string_view controllers = text.substr(first + 1, second - first - 1);
    line.rank = controllers.empty() ? 0 : controllers == "name=systemd" ? 1 : 2;
    line.path = text.substr(second + 1);
    return true;
}

}  // namespace

Workload workload_of(std::string_view cgroup_text) {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < kMostLines && !cgroup_text.empty(); ++i) {
        const std::size_t end = std::min(cgroup_text.find('\n'), cgroup_text.size());
        if (Line line; parse(cgroup_text.substr(0, end), line)) {
            lines.push_back(line);
        }
        cgroup_text.remove_prefix(std::min(end + 1, cgroup_text.size()));
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const Line& a, const Line& b) { return a.rank < b.rank; });
    Workload found;
    for (const Line& line : lines) {
        complete(found, workload_of_path(line.path));
    }
    return found;
}

}  // namespace tidemark::exporter
