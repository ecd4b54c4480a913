// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/sensors.hpp"

#include "viewers/sensors/host.hpp"

namespace tidemark::sensors {
namespace {

constexpr const char* kNvml = "libnvidia-ml.so.1";

}  // namespace

Sensors::Sensors(const std::string& root)
    : tree_(root), nvml_(root.empty() ? kNvml : root + "/" + kNvml) {}

std::vector<Reading> Sensors::read() const {
    std::vector<Reading> all = read_tenstorrent(tree_);
    for (Reading& card : nvml_.read()) {
        all.push_back(std::move(card));
    }
    all.push_back(read_host(tree_));
    return all;
}

}  // namespace tidemark::sensors
