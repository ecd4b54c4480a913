// SPDX-License-Identifier: Apache-2.0
//
// `tidemark monitor`: what the clients of the older monitors showed, with their flags, over all tracked processes.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "viewers/cli/machine.hpp"
#include "viewers/cli/monitor_view.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/cli/watch.hpp"

namespace tidemark::cli {
namespace {

// "-a": the devices that the older monitors could hold (their MAX_DEVICES).
constexpr std::uint32_t kAllDevices = 8;

class Monitor final : public Command {
public:
    const char* name() const override { return "monitor"; }
    const char* summary() const override { return "a block with bars a device, again and again"; }
    const char* help() const override {
        return R"(Usage: tidemark monitor [options]

Shows, again and again, how much of each device's DRAM and L1 is allocated over
all tracked processes, active buffers, and allocations and frees in all. Other
pools are shown when something lies in them. Unknown figures are N/A.

  -a, --all               devices 0 to 7
  -d, --device 0,1,2      these devices; -d 0 -d 1 as well; -d all: those known
                          (the default); host is the host
  -r, --refresh MS        every so many milliseconds (1000)
  -s, --single, -q        one query, then end; -1, --once: the same
  -n, --count N           so many times; -w, --watch[=SECONDS]: every so often
  --nounits, --noheader   bare numbers; no title
  --sensor 0=nvidia:0     --sysfs-root DIR: names from there, as in `smi`
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii: no box characters
  --instance NAME         another collector's; --trust-uid UID: of that user

Examples:
  tidemark monitor -a
  tidemark monitor -d 0,1 -r 500
)";
    }
    void add_options(OptionSet& set) override {
        set.flag("-a,--all", all_);
        set.flag("-s,--single,-q", single_);
        sensors_.add_to(set);
    }
    int run(const Invocation& invocation) override;

private:
    std::vector<std::uint32_t> wanted(const Options& options,
                                      const model::Snapshot& snapshot) const;

    bool all_ = false;
    bool single_ = false;
    SensorOptions sensors_;
};

// Without a word of which: the accelerators that are known, or the first if there is none yet.
std::vector<std::uint32_t> Monitor::wanted(const Options& options,
                                           const model::Snapshot& snapshot) const {
    std::vector<std::uint32_t> devices = options.filter.devices;
    if (all_) {
        std::vector<std::uint32_t> first(kAllDevices);
        std::iota(first.begin(), first.end(), 0u);
        devices.insert(devices.begin(), first.begin(), first.end());
    }
    for (const model::Device& device : snapshot.devices) {
        if (!all_ && options.filter.devices.empty() && device.device != TIDEMARK_DEVICE_HOST) {
            devices.push_back(device.device);
        }
    }
    for (const model::Region& region : snapshot.regions) {
        if (!all_ && options.filter.devices.empty()) devices.push_back(region.device);
    }
    if (devices.empty()) {
        devices.push_back(0);
    }
    std::sort(devices.begin(), devices.end());
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
    return devices;
}

int Monitor::run(const Invocation& invocation) {
    require_format(invocation.options, "monitor", "table", {"table"});
    Options options = invocation.options;
    if (!options.filter.pids.empty() || !options.filter.uids.empty() ||
        !options.filter.pools.empty()) {
        usage_error(
            "`monitor` shows devices over all processes and pools: leave out -p, -u and "
            "--pool (`tidemark smi` takes them)");
    }
    const bool single = single_ || options.count.value_or(0) == 1;
    options.watching = !single;
    Machine machine(options, sensors_);
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    model::Snapshot snapshot = machine.read();
    if (machine.has_figures()) {
        output.write(monitor_start_text(snapshot));
    } else {
        std::fprintf(stderr, "tidemark: %s; no process can be seen until then\n",
                     no_collector_text(options).c_str());
    }
    bool fresh = true;
    show(options, output, terminal, {Redraw::kInPlace, "\n"}, [&](Size size) {
        snapshot = fresh ? std::move(snapshot) : machine.read();
        fresh = false;
        return monitor_text(snapshot,
                            {wanted(options, snapshot), options.refresh_ms, single, size.columns,
                             options.units, options.header},
                            terminal);
    });
    return status_for(snapshot);
}

}  // namespace

std::unique_ptr<Command> make_monitor() { return std::make_unique<Monitor>(); }

}  // namespace tidemark::cli
