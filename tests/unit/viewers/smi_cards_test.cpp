// SPDX-License-Identifier: Apache-2.0
//
// The table of a machine with cards: sensors, what lies in their memories, who holds them open, with and without a
// collector.
#include <doctest/doctest.h>

#include "unit/viewers/smi_picture.hpp"
#include "viewers/model/hardware.hpp"

using namespace tidemark;
using test::busy;
using test::holds;
using test::plain;
using test::smi;

namespace {

sensors::Reading wormhole(std::uint32_t index) {
    sensors::Reading card;
    card.source = {sensors::Kind::kTenstorrent, index};
    card.name = "Wormhole";
    card.card_type = "n300";
    card.pci = "0000:0" + std::to_string(index + 1) + ":00.0";
    card.temperature_c = 45.25;
    card.power_w = 36;
    card.clock_mhz = 1000;
    return card;
}

std::vector<sensors::Reading> some_cards() {
    sensors::Reading silent = wormhole(3);
    silent.temperature_c.reset();
    silent.power_w.reset();
    silent.clock_mhz.reset();
    sensors::Reading nvidia;
    nvidia.source = {sensors::Kind::kNvidia, 0};
    nvidia.name = "NVIDIA H100";
    nvidia.temperature_c = 41;
    nvidia.power_w = 118.5;
    nvidia.utilization_percent = 37;
    nvidia.clock_mhz = 1980;
    nvidia.fan_rpm = 0;
    nvidia.memory_used = std::uint64_t{20} << 30;
    nvidia.memory_total = std::uint64_t{80} << 30;
    sensors::Reading host;
    host.temperature_c = 51;
    host.memory_used = std::uint64_t{8} << 30;
    host.memory_total = std::uint64_t{32} << 30;
    return {wormhole(0), silent, nvidia, host};
}

model::Snapshot busy_with_cards() {
    model::Snapshot snapshot = busy();
    model::complete(snapshot, model::assign(some_cards(), {}));
    snapshot.kernel.push_back({0, "", {{900, "infer", 2, false}, {31337, "python3", 0, true}}});
    snapshot.kernel.push_back({3, "", {}});
    return snapshot;
}

model::Snapshot cards_alone() {
    model::Snapshot snapshot;
    snapshot.time_unix_ns = test::kStart;
    snapshot.consistent = true;
    snapshot.collector.instance = "test";
    snapshot.collector.state = model::CollectorState::kNone;
    model::complete(snapshot, model::assign(some_cards(), {}));
    return snapshot;
}

}  // namespace

TEST_CASE("the table of a machine with cards, to the letter") {
    const std::string expected =
        R"(╭──────────────────────────────────────────────────────────────────────────────╮
│ Tidemark )" TIDEMARK_PROJECT_VERSION
        R"(                           instance test   2030-03-17 17:46:40 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev       Name            Temp    Power  Util  Memory used     Total    Full │
│ 0         n300           45 °C   36.0 W   N/A    450.00 MB  12.00 GB   3.7 % │
│ 1         N/A              N/A      N/A   N/A     11.00 GB  12.00 GB  91.7 % │
│ 3         n300             N/A      N/A   N/A          0 B  12.00 GB   0.0 % │
│ host      workstation    51 °C      N/A   N/A     70.00 MB       N/A     N/A │
│ nvidia:0  NVIDIA H100    41 °C  118.5 W  37 %          N/A       N/A     N/A │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev       Memory                         Used      Total                Full │
│ 0         DRAM                      450.00 MB   12.00 GB  █░░░░░░░░░   3.7 % │
│           L1 buffers                 12.00 MB             █░░░░░░░░░  10.0 % │
│           L1 circular buffers             0 B             ░░░░░░░░░░   0.0 % │
│           L1 kernels                      0 B             ░░░░░░░░░░   0.0 % │
│           L1 total                   12.00 MB  120.00 MB  █░░░░░░░░░  10.0 % │
│ 1         DRAM                       11.00 GB   12.00 GB  █████████░  91.7 % │
│ 3         DRAM                            0 B   12.00 GB  ░░░░░░░░░░   0.0 % │
│           L1                              0 B   91.50 MB  ░░░░░░░░░░   0.0 % │
│ host      host memory                70.00 MB        N/A                 N/A │
│           in use, all programs        8.00 GB   32.00 GB  ███░░░░░░░  25.0 % │
│ nvidia:0  in use, all programs       20.00 GB   80.00 GB  ███░░░░░░░  25.0 % │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev   Pool              Allocated       Peak    Live  Allocations      Frees │
│ 0     DRAM              450.00 MB  512.00 MB     120        1,200      1,080 │
│       L1                 12.00 MB   14.00 MB      64        9,000      8,936 │
│ 1     DRAM               11.00 GB  ≤11.00 GB       9           10          1 │
│ host  SYSTEM_MEMORY      70.00 MB   80.00 MB  51,234    5,000,000  4,948,766 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev    PID  User  Program                        DRAM        L1   CB  Kernel │
│ 0    31337  ada   python3                   450.00 MB  12.00 MB  0 B     0 B │
│ 1      900  ada   infer?[31m�                11.00 GB       0 B  0 B     0 B │
│ 3                 not in use                                                 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev     PID  User  Program        Pool           Allocated      Peak    Live │
│ host  31337  ada   python3        SYSTEM_MEMORY   70.00 MB  80.00 MB  51,234 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev   PID  User  Exited program     Pool              Left     Peak  Buffers │
│ host  777  ada   leaky              SYSTEM_MEMORY  3.00 KB  5.00 KB        2 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev    PID  Holds it open      Handles  Tidemark                             │
│ 0      900  infer                    2  not tracked: its memory is unknown   │
│      31337  python3                  0  tracked; the kernel does not list it │
│ 3           nobody                   0                                       │
├──────────────────────────────────────────────────────────────────────────────┤
│ ● collector running, pid 4321, 10,012,345 events                             │
│ nothing lost                                                                 │
│ ≤ at most: several programs moved at the same moment                         │
╰──────────────────────────────────────────────────────────────────────────────╯
)";
    CHECK(smi(busy_with_cards()) == expected);
}

TEST_CASE("a wide window shows clocks and fans as well") {
    const std::string text = smi(busy_with_cards(), 120);
    const std::string expected =
        R"(╭──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╮
│ Tidemark )" TIDEMARK_PROJECT_VERSION
        R"(                                                                   instance test   2030-03-17 17:46:40 │
├──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┤
│ Dev       Name                     Temp    Power  Util     Clock  PCI             Fan  Memory used     Total    Full │
│ 0         n300                    45 °C   36.0 W   N/A  1000 MHz  0000:01:00.0    N/A    450.00 MB  12.00 GB   3.7 % │
│ 1         N/A                       N/A      N/A   N/A       N/A  N/A             N/A     11.00 GB  12.00 GB  91.7 % │
│ 3         n300                      N/A      N/A   N/A       N/A  0000:04:00.0    N/A          0 B  12.00 GB   0.0 % │
│ host      workstation             51 °C      N/A   N/A       N/A  N/A             N/A     70.00 MB       N/A     N/A │
│ nvidia:0  NVIDIA H100             41 °C  118.5 W  37 %  1980 MHz  N/A           0 RPM          N/A       N/A     N/A │
├──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┤
│ Dev       Memory                                   Used      Total                                              Full │
│ 0         DRAM                                450.00 MB   12.00 GB  █░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   3.7 % │
│           L1 buffers                           12.00 MB             ████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  10.0 % │
│           L1 circular buffers                       0 B             ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0.0 % │
│           L1 kernels                                0 B             ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0.0 % │
│           L1 total                             12.00 MB  120.00 MB  ████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  10.0 % │
│ 1         DRAM                                 11.00 GB   12.00 GB  █████████████████████████████████████░░░  91.7 % │
│ 3         DRAM                                      0 B   12.00 GB  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0.0 % │
│           L1                                        0 B   91.50 MB  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0.0 % │
│ host      host memory                          70.00 MB        N/A                                               N/A │
│           in use, all programs                  8.00 GB   32.00 GB  ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  25.0 % │
│ nvidia:0  in use, all programs                 20.00 GB   80.00 GB  ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  25.0 % │
├──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┤
)";
    CHECK(text.substr(0, text.find("│ Dev   Pool")) == expected);
}

TEST_CASE("without a collector the sensors are shown, and all that only it knows is N/A") {
    const std::string expected =
        R"(╭──────────────────────────────────────────────────────────────────────────────╮
│ Tidemark )" TIDEMARK_PROJECT_VERSION
        R"(                           instance test   2030-03-17 17:46:40 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev       Name              Temp    Power  Util  Memory used     Total  Full │
│ 0         n300             45 °C   36.0 W   N/A          N/A  12.00 GB   N/A │
│ 3         n300               N/A      N/A   N/A          N/A  12.00 GB   N/A │
│ host      host             51 °C      N/A   N/A          N/A       N/A   N/A │
│ nvidia:0  NVIDIA H100      41 °C  118.5 W  37 %          N/A       N/A   N/A │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev       Memory                          Used     Total                Full │
│ host      in use, all programs         8.00 GB  32.00 GB  ███░░░░░░░  25.0 % │
│ nvidia:0  in use, all programs        20.00 GB  80.00 GB  ███░░░░░░░  25.0 % │
├──────────────────────────────────────────────────────────────────────────────┤
│ ○ no collector runs; `tidemarkd --background --instance test` starts one;    │
│ what programs allocate is unknown until then                                 │
╰──────────────────────────────────────────────────────────────────────────────╯
)";
    CHECK(smi(cards_alone()) == expected);
}

TEST_CASE("the kernel's list that can't be read, or of no card, is told as such") {
    model::Snapshot snapshot = busy();
    snapshot.kernel.push_back({0, "/proc/driver/tenstorrent/0/pids: Permission denied", {}});
    CHECK(holds(smi(snapshot), "who holds device 0 open is unknown: "));
    snapshot.kernel.clear();
    const std::string text = cli::smi_text(snapshot, {80, true, true, true}, plain());
    CHECK(holds(text, "no Tenstorrent card here"));
}
