// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/tenstorrent.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <map>
#include <sstream>

#include "viewers/sensors/hwmon.hpp"

namespace tidemark::sensors {
namespace {

constexpr const char* kClass = "/sys/class/tenstorrent";
constexpr std::string_view kEntry = "tenstorrent!";

// The device ids of PCI vendor 0x1e52.
std::optional<std::string> chip_name(const std::optional<std::string>& id) {
    if (id == "0x401e") {
        return "Wormhole";
    }
    if (id == "0xb140") {
        return "Blackhole";
    }
    return id == "0xfaca" ? std::optional<std::string>("Grayskull") : std::nullopt;
}

// The driver's name of the PCI device: from its uevent, else from where the link leads.
std::optional<std::string> pci_address(const Tree& tree, const std::string& device) {
    constexpr std::string_view kKey = "PCI_SLOT_NAME=";
    std::istringstream lines(tree.read(device + "/uevent").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(kKey) && line.size() > kKey.size()) {
            return line.substr(kKey.size());
        }
    }
    const auto target = tree.link(device);
    return target ? std::optional(target->substr(target->rfind('/') + 1)) : std::nullopt;
}

void read_hwmon(const Tree& tree, const std::string& device, Reading& reading) {
    for (const std::string& name : tree.names(device + "/hwmon")) {
        const std::string hwmon = device + "/hwmon/" + name;
        const auto driver = tree.line(hwmon + "/name");
        if (driver != "wormhole" && driver != "blackhole" && driver != "grayskull") {
            continue;
        }
        reading.temperature_c = temperature_c(tree, hwmon + "/temp1_input");
        reading.voltage_v = voltage_v(tree, hwmon + "/in0_input");
        reading.power_w = power_w(tree, hwmon + "/power1_input");
        reading.fan_rpm = fan_rpm(tree, hwmon + "/fan1_input");
        return;
    }
}

Reading read_card(const Tree& tree, std::uint32_t index, const std::string& entry) {
    Reading reading;
    reading.source = {Kind::kTenstorrent, index};
    reading.card_type = tree.line(entry + "/tt_card_type");
    reading.serial = tree.line(entry + "/tt_serial");
    reading.clock_mhz = clock_mhz(tree, entry + "/tt_aiclk");
    const std::string device = entry + "/device";
    reading.name = chip_name(tree.line(device + "/device"));
    reading.pci = pci_address(tree, device);
    read_hwmon(tree, device, reading);
    return reading;
}

std::optional<std::int32_t> pid_of(const std::string& line) {
    std::int32_t pid = 0;
    const char* last = line.data() + line.size();
    const auto [end, error] = std::from_chars(line.data(), last, pid);
    return error == std::errc{} && end == last && pid > 0 ? std::optional(pid) : std::nullopt;
}

}  // namespace

std::vector<Reading> read_tenstorrent(const Tree& tree) {
    std::vector<Reading> found;
    for (const std::string& name : tree.names(kClass)) {
        if (!name.starts_with(kEntry)) {
            continue;
        }
        const auto source = parse_source("tenstorrent:" + name.substr(kEntry.size()));
        if (source) {
            found.push_back(read_card(tree, source->index, std::string(kClass) + "/" + name));
        }
    }
    std::sort(found.begin(), found.end(),
              [](const Reading& a, const Reading& b) { return a.source.index < b.source.index; });
    return found;
}

Holders read_holders(const Tree& tree, std::uint32_t index) {
    Holders holders;
    const std::string path = "/proc/driver/tenstorrent/" + std::to_string(index) + "/pids";
    const auto text = tree.read(path);
    if (!text) {
        holders.problem = path + ": " + std::strerror(errno);
        return holders;
    }
    std::map<std::int32_t, std::uint64_t> handles;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        const auto pid = pid_of(line);
        if (!pid) {
            holders.problem = path + ": holds a line that is no process id";
            return holders;
        }
        ++handles[*pid];
    }
    for (const auto& [pid, count] : handles) {
        holders.list.push_back({pid, count, tree.line("/proc/" + std::to_string(pid) + "/comm")});
    }
    holders.known = true;
    return holders;
}

}  // namespace tidemark::sensors
