// SPDX-License-Identifier: Apache-2.0
//
// To whom a process belongs, as its control groups tell: a unit of systemd, a container, a pod of Kubernetes. A pure
// function of the text of /proc/PID/cgroup, which a container may shape as it likes: bounded, and nothing is believed
// that does not look exactly as the named programs write it.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::exporter {

// Empty: not in one, or not known.
struct Workload {
    std::string unit;  // "nginx.service"; under a user's manager the user's own
    std::string
        container;    // 64 hexadecimal digits, as Docker, containerd, CRI-O and podman name them
    std::string pod;  // the pod's uid, with dashes as Kubernetes writes it

    bool operator==(const Workload&) const = default;
};

// Versions 1, 2 and both at once. Looks at the first 64 lines of at most 4096 bytes. A group that lies outside the
// reader's control-group namespace ("/../x") is understood as far as it is told. Services alone count as units: scopes
// are made for each login, terminal and container, so that each would be a series of its own.
Workload workload_of(std::string_view cgroup_text);

}  // namespace tidemark::exporter
