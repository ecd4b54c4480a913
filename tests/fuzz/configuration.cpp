// SPDX-License-Identifier: Apache-2.0
//
// The configuration file, any bytes: taken, with every figure within what docs/configuration.md allows, or refused with
// one line, and then nothing of it was used.
#include "collector/configuration.hpp"

#include "tests/fuzz/input.hpp"

namespace {

using namespace tidemark::collector;
using tidemark::fuzz::require;

void check(const Configuration& c) {
    require(c.limits.live_table_bytes >= 1u << 20 && c.limits.live_table_bytes <= 8ull << 30,
            "live_table beyond its range");
    require(c.limits.image_quantum >= 64 && c.limits.image_quantum <= 65536,
            "image_quantum beyond its range");
    require((c.stats_mode & ~0666u) == 0, "a mode that gives more than reading and writing");
    require(c.instance.size() <= 63 && c.instance.find('/') == std::string::npos,
            "an instance that is no name");
    for (const std::string& path : {c.event_log, c.leak_log})
        require(path.empty() || path.front() == '/', "a path that is not absolute");
    for (const DeviceConfiguration& device : c.devices)
        require(device.device <= TIDEMARK_DEVICE_HOST, "a device beyond the numbers");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Configuration configuration;
    configuration.instance = "before";
    std::string error;
    if (parse_configuration(text, "fuzz", configuration, error)) {
        check(configuration);
    } else {
        require(!error.empty() && error.find('\n') == std::string::npos,
                "not refused with one line");
        require(configuration.instance == "before" && configuration.devices.empty(),
                "refused, and used all the same");
    }
    return 0;
}
