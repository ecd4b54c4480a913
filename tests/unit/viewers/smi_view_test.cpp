// SPDX-License-Identifier: Apache-2.0
//
// The table as a whole, and what changes in it: width, ASCII, loss, figures that are not exact, no collector.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "unit/viewers/smi_picture.hpp"
#include "viewers/cli/frame.hpp"
#include "viewers/model/filter.hpp"
#include "viewers/model/text.hpp"

using namespace tidemark;
using test::busy;
using test::holds;
using test::plain;
using test::smi;

TEST_CASE("the table of a busy machine, to the letter") {
    const std::string expected =
        R"(╭──────────────────────────────────────────────────────────────────────────────╮
│ Tidemark )" TIDEMARK_PROJECT_VERSION
        R"(                           instance test   2030-03-17 17:46:40 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev   Name                  Temp  Power  Util  Memory used     Total    Full │
│ 0     n300                   N/A    N/A   N/A    450.00 MB  12.00 GB   3.7 % │
│ 1     N/A                    N/A    N/A   N/A     11.00 GB  12.00 GB  91.7 % │
│ host  workstation            N/A    N/A   N/A     70.00 MB       N/A     N/A │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev   Memory                             Used      Total                Full │
│ 0     DRAM                          450.00 MB   12.00 GB  █░░░░░░░░░   3.7 % │
│       L1 buffers                     12.00 MB             █░░░░░░░░░  10.0 % │
│       L1 circular buffers                 0 B             ░░░░░░░░░░   0.0 % │
│       L1 kernels                          0 B             ░░░░░░░░░░   0.0 % │
│       L1 total                       12.00 MB  120.00 MB  █░░░░░░░░░  10.0 % │
│ 1     DRAM                           11.00 GB   12.00 GB  █████████░  91.7 % │
│ host  host memory                    70.00 MB        N/A                 N/A │
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
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev     PID  User  Program        Pool           Allocated      Peak    Live │
│ host  31337  ada   python3        SYSTEM_MEMORY   70.00 MB  80.00 MB  51,234 │
├──────────────────────────────────────────────────────────────────────────────┤
│ Dev   PID  User  Exited program     Pool              Left     Peak  Buffers │
│ host  777  ada   leaky              SYSTEM_MEMORY  3.00 KB  5.00 KB        2 │
├──────────────────────────────────────────────────────────────────────────────┤
│ ● collector running, pid 4321, 10,012,345 events                             │
│ nothing lost                                                                 │
│ ≤ at most: several programs moved at the same moment                         │
╰──────────────────────────────────────────────────────────────────────────────╯
)";
    CHECK(smi(busy()) == expected);
}

TEST_CASE("every line is as wide as the box, whatever the width") {
    for (const std::size_t width : {60, 72, 80, 100, 160}) {
        CAPTURE(width);
        std::istringstream lines(smi(busy(), width));
        std::string line;
        while (std::getline(lines, line)) {
            CAPTURE(line);
            CHECK(model::columns_of(line) == width);
        }
    }
}

TEST_CASE("ASCII means ASCII") {
    const cli::Terminal ascii(-1, cli::ColorChoice::kNever, true);
    for (const char c : smi(busy(), 80, ascii)) {
        CHECK(static_cast<unsigned char>(c) < 0x80);
    }
}

TEST_CASE("loss is told in plain words and marks the figures it touches") {
    model::Snapshot snapshot = busy();
    snapshot.collector.counters->lost.allocations[TIDEMARK_LOSS_FULL] = 8;
    snapshot.collector.counters->lost.frees[TIDEMARK_LOSS_NO_SPACE] = 4;
    snapshot.collector.counters->lost.bytes[TIDEMARK_LOSS_FULL] = 1229;
    snapshot.devices[0].pools[0].exact = false;
    const std::string text = smi(snapshot);
    CHECK(holds(text, "lost 12 events (1.20 KB): 8 lane full, 4 no shared memory left"));
    CHECK(holds(text, "~450.00 MB  ~512.00 MB"));
    CHECK(holds(text, "≥1,200"));
    CHECK(holds(text, "~ not exact: events of this pool were lost"));
    CHECK_FALSE(holds(text, "nothing lost"));
}

TEST_CASE("one cause of loss needs no count of its own") {
    model::Snapshot snapshot = busy();
    snapshot.collector.counters->lost.allocations[TIDEMARK_LOSS_FULL] = 12;
    CHECK(holds(smi(snapshot), "lost 12 events (0 B): lane full"));
}

TEST_CASE("a collector that is silent or gone is told with its age and what to do") {
    model::Snapshot snapshot = busy();
    snapshot.collector.state = model::CollectorState::kStalled;
    snapshot.collector.heartbeat_age_ms = 12000;
    CHECK(holds(smi(snapshot), "collector stalled: no sign of life for 12 s"));
    snapshot.collector.state = model::CollectorState::kDied;
    snapshot.collector.pid = 77;
    CHECK(holds(smi(snapshot), "collector died 12 s ago (pid 77 is gone); these are its last"));
    CHECK(holds(smi(snapshot), "tidemarkd --background"));
    snapshot.collector.state = model::CollectorState::kStopped;
    CHECK(holds(smi(snapshot), "collector stopped 12 s ago"));
    CHECK(holds(smi(snapshot), "tidemarkd --background"));
}

TEST_CASE("a quarantined program is named with the reason") {
    model::Snapshot snapshot = busy();
    snapshot.processes[2].quarantine = TIDEMARK_QUARANTINE_TRUNCATED;
    CHECK(holds(smi(snapshot), "pid 31337 python3 is quarantined: its ring segment was truncated"));
}

TEST_CASE("devices without programs and programs without names are shown as such") {
    model::Snapshot snapshot = busy();
    std::erase_if(snapshot.processes,
                  [](const model::Process& process) { return process.pid == 900; });
    snapshot.processes[1].name.reset();
    const std::string text = smi(snapshot);
    CHECK(holds(text, "not in use"));
    CHECK(holds(text, "31337  ada   N/A"));
    snapshot.processes.clear();
    CHECK(holds(smi(snapshot), "no program that runs now is tracked"));
    snapshot.devices.clear();
    CHECK(holds(smi(snapshot), "no device has been seen yet"));
}

TEST_CASE("behind filters nothing is called unused, and no pool called empty") {
    model::Snapshot by_user = busy();
    model::Filter filter;
    filter.pids = {900};
    model::apply(filter, by_user);
    CHECK_FALSE(holds(smi(by_user), "not in use"));
    model::Snapshot by_pool = busy();
    model::Filter pools;
    pools.pools = {"L1"};
    model::apply(pools, by_pool);
    const std::string text = smi(by_pool);
    CHECK(holds(text, "12.00 MB  14.00 MB    64 │"));
    CHECK_FALSE(holds(text, "Kernel"));
    CHECK_FALSE(holds(text, " 0 B"));
}

TEST_CASE("pools without a column of their own are summed in one, or named if they are alone") {
    model::Snapshot snapshot = busy();
    model::PoolUsage weights = snapshot.processes[2].usage[0];
    weights.pool = 20;
    weights.pool_name = "weights";
    snapshot.processes[2].usage.push_back(weights);
    CHECK(holds(smi(snapshot), "Kernel    weights"));
    weights.pool = TIDEMARK_POOL_TRACE;
    weights.pool_name = "TRACE";
    snapshot.processes[2].usage.push_back(weights);
    CHECK(holds(smi(snapshot), "Kernel  Other pools"));
    CHECK(holds(smi(snapshot), "900.00 MB"));
}

TEST_CASE("many exited programs do not push the table off the screen") {
    model::Snapshot snapshot = busy();
    const model::Process gone = snapshot.processes[0];
    for (int i = 0; i < 1000; ++i) {
        snapshot.processes.push_back(gone);
    }
    const std::string text = smi(snapshot);
    CHECK(holds(text, "and 993 more that exited"));
    CHECK(std::count(text.begin(), text.end(), '\n') < 50);
}

TEST_CASE("a bar shows something for something and full only for full") {
    CHECK(cli::bar(0, 4, true) == "....");
    CHECK(cli::bar(0.001, 4, true) == "#...");
    CHECK(cli::bar(0.5, 4, true) == "##..");
    CHECK(cli::bar(0.999, 4, true) == "###.");
    CHECK(cli::bar(1, 4, true) == "####");
    CHECK(cli::bar(7, 4, true) == "####");
}

TEST_CASE("columns are cut before they are dropped, and the least important go first") {
    cli::Grid grid({{"Name", cli::Align::kLeft, 4},
                    {"Kept", cli::Align::kRight},
                    {"Extra", cli::Align::kRight, 0, 1}});
    grid.row({{"a long name"}, {"1"}, {"22222"}});
    const auto text = [&](std::size_t width) {
        return cli::render(grid.lines(width, true), plain());
    };
    CHECK(text(40) == "Name         Kept  Extra\na long name     1  22222\n");
    CHECK(text(20) == "Name     Kept  Extra\na lo...     1  22222\n");
    CHECK(text(14) == "Name      Kept\na lon...     1\n");
}
