// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/proc_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::model {
namespace {

// These are always shown, so that scripts find their columns; other pools follow where they are used.
constexpr std::array<const char*, 4> kAcceleratorPools = {"DRAM", "L1", "L1_SMALL", "TRACE"};
constexpr const char* kHostPool = "SYSTEM_MEMORY";

struct Totals {
    std::map<std::string, std::uint64_t> bytes;
    std::uint64_t buffers = 0;

    void add(const PoolUsage& usage) {
        bytes[usage.pool_name] += usage.current;
        buffers += usage.live;
    }
};

std::vector<std::string> pool_columns(const Device& device) {
    std::vector<std::string> names;
    if (device.device == TIDEMARK_DEVICE_HOST) {
        names.emplace_back(kHostPool);
    } else {
        names.assign(kAcceleratorPools.begin(), kAcceleratorPools.end());
    }
    for (const PoolUsage& usage : device.pools) {
        if (std::find(names.begin(), names.end(), usage.pool_name) == names.end()) {
            names.push_back(usage.pool_name);
        }
    }
    return names;
}

// A blank within a word would shift the columns after it.
std::string one_word(const std::string& text) {
    std::string word = printable(text);
    std::replace(word.begin(), word.end(), ' ', '_');
    return word.empty() ? "-" : word;
}

std::string line(const std::string& pid, const std::string& name,
                 const std::vector<std::string>& pools, const Totals& totals,
                 bool knows_buffers = true) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%10s  %-16.16s", pid.c_str(), name.c_str());
    std::string result = text.data();
    for (const std::string& pool : pools) {
        const auto at = totals.bytes.find(pool);
        std::snprintf(text.data(), text.size(), " %*llu",
                      std::max(14, static_cast<int>(pool.size())),
                      static_cast<unsigned long long>(at == totals.bytes.end() ? 0 : at->second));
        result += text.data();
    }
    const std::string buffers = knows_buffers ? std::to_string(totals.buffers) : "N/A";
    std::snprintf(text.data(), text.size(), " %10s\n", buffers.c_str());
    return result + text.data();
}

std::string column_names(const std::vector<std::string>& pools) {
    std::string text = "       PID  COMMAND         ";
    for (const std::string& pool : pools) {
        const std::string name = one_word(pool);
        text += ' ' + std::string(name.size() < 14 ? 14 - name.size() : 0, ' ') + name;
    }
    return text + "    BUFFERS\n";
}

std::string device_text(const Device& device, const std::vector<Process>& processes, bool header) {
    const std::vector<std::string> pools = pool_columns(device);
    std::string text;
    if (header) {
        text = "device " + device_word(device.device) +
               (device.name ? " " + printable(*device.name) : std::string()) + " (bytes)\n" +
               column_names(pools);
    }
    for (const Process& process : processes) {
        Totals totals;
        bool uses = false;
        for (const PoolUsage& usage : process.usage) {
            if (usage.device == device.device) {
                totals.add(usage);
                uses = true;
            }
        }
        if (uses && !process.exited) {
            text += line(process.pid ? std::to_string(*process.pid) : "-",
                         one_word(process.name.value_or("")), pools, totals);
        }
    }
    Totals all;
    for (const PoolUsage& usage : device.pools) {
        all.add(usage);
    }
    return text + line("TOTAL", "", pools, all);
}

// Programs that only tt-metal's regions tell of, and chips that are reached through others: a block of their own, for
// they are in no TOTAL.
std::string regions_text(const std::vector<Region>& regions) {
    const std::vector<std::string> pools = {"DRAM", "L1", "L1_SMALL", "TRACE", "CB"};
    std::map<std::uint32_t, std::string> lines;
    for (const Region& region : regions) {
        if (region.instrumented || (!region.pid && !region.is_remote)) continue;
        Totals totals;
        totals.bytes = {{"DRAM", region.dram},
                        {"L1", region.l1},
                        {"L1_SMALL", region.l1_small},
                        {"TRACE", region.trace},
                        {"CB", region.cb}};
        lines[region.device] +=
            line(region.pid ? std::to_string(*region.pid) : "-",
                 region.pid ? one_word(region.name) : "remote_chip", pools, totals, false);
    }
    std::string text;
    for (const auto& [device, of_device] : lines)
        text += "\nregions of device " + device_word(device) +
                " (bytes, told by tt-metal, in no TOTAL)\n" + column_names(pools) + of_device;
    return text;
}

}  // namespace

std::string proc_text(const Snapshot& snapshot, bool header) {
    std::string text;
    for (const Device& device : snapshot.devices) {
        text += (text.empty() ? "" : "\n") + device_text(device, snapshot.processes, header);
    }
    return header ? text + regions_text(snapshot.regions) : text;
}

}  // namespace tidemark::model
