// SPDX-License-Identifier: Apache-2.0
#include "unit/viewers/fake_collector.hpp"

namespace tidemark::test {
namespace {

constexpr std::uint64_t kKB = 1024;
constexpr std::uint64_t kMB = 1024 * kKB;
constexpr std::uint64_t kGB = 1024 * kMB;
constexpr std::uint32_t kHost = TIDEMARK_DEVICE_HOST;

constexpr Figures kDram0 = {450 * kMB, 512 * kMB, 3 * kGB, 120, 1200, 1080};
constexpr Figures kL10 = {12 * kMB, 14 * kMB, 90 * kMB, 64, 9000, 8936};
constexpr Figures kDram1 = {11 * kGB, 11 * kGB, 12 * kGB, 9, 10, 1};
constexpr Figures kHeap = {70 * kMB, 80 * kMB, 1 * kGB, 51234, 5'000'000, 4'948'766};

void add_devices(FakeCollector& collector) {
    tidemark_device_row device{};
    set_text(device.name, "n300");
    device.arch = 2;
    collector.add(device);
    device = {};
    device.device = 1;
    collector.add(device);
    device = {};
    device.device = kHost;
    device.kind = TIDEMARK_DEVICE_KIND_HOST;
    set_text(device.name, "workstation");
    collector.add(device);
    collector.add(tidemark_memory_row{0, 1, 0, TIDEMARK_MEMORY_DRAM, 1, 12 * kGB, kDram0.current});
    collector.add(tidemark_memory_row{0, 1, 0, TIDEMARK_MEMORY_L1, 1, 120 * kMB, kL10.current});
    collector.add(tidemark_memory_row{0, 1, 1, TIDEMARK_MEMORY_DRAM, 1, 12 * kGB, kDram1.current});
    collector.add(tidemark_memory_row{0, 1, kHost, TIDEMARK_MEMORY_HOST, 0, 0, kHeap.current});
}

void add_usage(FakeCollector& collector) {
    collector.add(
        usage_row<tidemark_usage_row>(kHost, 2, TIDEMARK_MEMORY_HOST, "SYSTEM_MEMORY", kHeap));
    collector.add(usage_row<tidemark_usage_row>(0, 1, TIDEMARK_MEMORY_L1, "L1", kL10));
    collector.add(usage_row<tidemark_usage_row>(0, 0, TIDEMARK_MEMORY_DRAM, "DRAM", kDram0));
    auto row = usage_row<tidemark_usage_row>(1, 0, TIDEMARK_MEMORY_DRAM, "DRAM", kDram1);
    row.peak_exact = 0;
    collector.add(row);
}

void add_processes(FakeCollector& collector) {
    using Row = tidemark_process_usage_row;
    collector.add(process_row(kTrainer, 31337, "python3", "python3 train.py --epochs 3"));
    collector.add(process_row(kServer, 900, "infer\x1b[31m\xff", "infer -p 80"));
    auto gone = process_row(kGone, 777, "leaky", "./leaky");
    gone.state = TIDEMARK_PROCESS_EXITED;
    gone.exit_unix_ns = kStart + 90'000'000'000;
    gone.parent_image = kTrainer;
    collector.add(gone);
    const auto usage = [](std::uint32_t device, std::uint32_t pool, std::uint32_t memory,
                          const char* name, const Figures& figures) {
        return usage_row<Row>(device, pool, memory, name, figures);
    };
    collector.add(process_usage(kTrainer, usage(kHost, 2, 2, "SYSTEM_MEMORY", kHeap)));
    collector.add(process_usage(kTrainer, usage(0, 0, 0, "DRAM", kDram0)));
    collector.add(process_usage(kTrainer, usage(0, 1, 1, "L1", kL10)));
    collector.add(process_usage(kServer, usage(1, 0, 0, "DRAM", kDram1)));
    collector.add(process_usage(
        kGone, usage(kHost, 2, 2, "SYSTEM_MEMORY", {3 * kKB, 5 * kKB, 8 * kKB, 2, 4, 2})));
}

}  // namespace

void a_busy_machine(FakeCollector& collector) {
    tidemark_collector_row row{};
    row.events = 10'012'345;
    row.passes = 99;
    row.clock_base_unix_ns = kStart;
    row.clock_ns_per_tick_q32 = std::uint64_t{1} << 32;
    collector.add(row);
    add_devices(collector);
    add_usage(collector);
    add_processes(collector);
    constexpr std::uint64_t kSecond = 1'000'000'000;
    collector.add_account(
        kGone,
        {{0x1000, kKB, 30 * kSecond, kHost, 2, 0}, {0x2000, 2 * kKB, 89 * kSecond, kHost, 2, 0}},
        true);
    collector.add_account(
        kServer, {{64, 10 * kGB, 1 * kSecond, 1, 0, 0}, {128, 1 * kGB, 2 * kSecond, 1, 0, 0}},
        false);
}

}  // namespace tidemark::test
