// SPDX-License-Identifier: Apache-2.0
//
// All sensors of the machine, in one list. Where each comes from: tenstorrent.hpp, nvml.hpp, host.hpp.
#pragma once

#include <string>
#include <vector>

#include "viewers/sensors/nvml.hpp"
#include "viewers/sensors/reading.hpp"
#include "viewers/sensors/tenstorrent.hpp"
#include "viewers/sensors/tree.hpp"

namespace tidemark::sensors {

class Sensors {
public:
    // `root`: a folder that stands in for the machine (--sysfs-root): DIR/sys, DIR/proc, and DIR/libnvidia-ml.so.1 if
    // there are to be NVIDIA cards. Empty: the machine itself. NVML is started once, which can take a second.
    explicit Sensors(const std::string& root = {});

    // Tenstorrent's, NVIDIA's, then the host, which is always there. One thread at a time.
    std::vector<Reading> read() const;

    Holders holders(std::uint32_t tenstorrent_index) const {
        return read_holders(tree_, tenstorrent_index);
    }

private:
    Tree tree_;
    Nvml nvml_;
};

}  // namespace tidemark::sensors
