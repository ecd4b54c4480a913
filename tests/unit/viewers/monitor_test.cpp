// SPDX-License-Identifier: Apache-2.0
//
// `tidemark monitor` and the older monitors' command names: the screen to the letter, every flag, and the links.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <ctime>
#include <sstream>

#include "unit/sensors/fake_machine.hpp"
#include "unit/viewers/fake_collector.hpp"
#include "unit/viewers/tool.hpp"
#include "viewers/cli/links.hpp"
#include "viewers/cli/monitor_view.hpp"
#include "viewers/model/text.hpp"

using namespace tidemark;
using test::run_tidemark;

namespace {

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

// As a script runs the older command of that name: by the link beside the program.
test::Ran run_link(const std::string& name, std::vector<std::string> words,
                   const std::string& instance) {
    words.insert(words.end(), {"--instance", instance});
    return test::run_program(std::string(std::getenv("TIDEMARK_BIN_DIR")) + "/" + name, words);
}

model::Snapshot busy() {
    test::FakeCollector collector("mon");
    test::a_busy_machine(collector);
    collector.add(test::usage_row<tidemark_usage_row>(0, TIDEMARK_POOL_CB, TIDEMARK_MEMORY_L1, "CB",
                                                      {2048, 4096, 4096, 1, 2, 1}));
    model::SourceOptions options;
    options.instance = collector.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    REQUIRE_MESSAGE(source.has_value(), error.text);
    model::Snapshot snapshot = source->read();
    snapshot.collector.instance = "test";
    snapshot.time_unix_ns = test::kStart;
    return snapshot;
}

std::string screen(const model::Snapshot& snapshot, const cli::MonitorLook& look) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    std::setlocale(LC_CTYPE, "C.UTF-8");
    ::setenv("LANG", "C.UTF-8", 1);
    return cli::monitor_text(snapshot, look, cli::Terminal(-1, cli::ColorChoice::kNever, false));
}

}  // namespace

TEST_CASE("the monitor tells what only tt-metal's regions know, apart from its figures") {
    const cli::MonitorLook look{{0, 9}, 1000, true, 80, true, true};
    model::Snapshot snapshot = busy();
    const std::string before = screen(snapshot, look);
    snapshot.regions = {{4711, 0, false, {}, "", false, 1000},
                        {4711, 0, false, 4242, "silent", false, 1024, 2048},
                        {4711, 0, false, 4243, "other", false, 1024},
                        {4711, 0, false, 31337, "python3", true, 7},
                        {4712, 9, true, {}, "", false, 512}};
    const std::string text = screen(snapshot, look);
    CHECK(
        holds(text, "tt-metal tells of 2 programs, in no figure above: DRAM 2.00 KB, L1 2.00 KB"));
    CHECK(holds(text, "tt-metal tells of a remote chip, in no figure above: DRAM 512 B, L1 0 B"));
    CHECK(count(text, "\n") == count(before, "\n") + 2);
}

TEST_CASE("the monitor's screen, to the letter") {
    const std::string expected =
        R"(╭──────────────────────────────────────────────────────────────────────────────╮
│ Tidemark memory monitor                               Tracy: not compiled in │
│ 2030-03-17 17:46:40   every 1000 ms                    devices 0, 1, 2, host │
├──────────────────────────────────────────────────────────────────────────────┤
│ Device 0  n300                                                               │
│ DRAM           450.00 MB / 12.00 GB   █░░░░░░░░░░░░░░░░░░░░░░░░░░░░    3.7 % │
│ L1              12.00 MB / 120.00 MB  ███░░░░░░░░░░░░░░░░░░░░░░░░░░   10.0 % │
│ CB               2.00 KB / 120.00 MB  █░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0.0 % │
│ Active buffers 185   Total allocations 10,202   Total frees 10,017           │
├──────────────────────────────────────────────────────────────────────────────┤
│ Device 1                                                                     │
│ DRAM            11.00 GB / 12.00 GB   ███████████████████████████░░   91.7 % │
│ L1                   0 B / N/A                                           N/A │
│ Active buffers 9   Total allocations 10   Total frees 1                      │
├──────────────────────────────────────────────────────────────────────────────┤
│ Device 2                                                                     │
│ DRAM                 0 B / N/A                                           N/A │
│ L1                   0 B / N/A                                           N/A │
│ Active buffers 0   Total allocations 0   Total frees 0                       │
├──────────────────────────────────────────────────────────────────────────────┤
│ Host  workstation                                                            │
│ SYS_MEM         70.00 MB / N/A                                           N/A │
│ Active buffers 51,234   Total allocations 5,000,000   Total frees 4,948,766  │
├──────────────────────────────────────────────────────────────────────────────┤
│ ● collector running, pid 4321, 10,012,345 events                             │
│ nothing lost                                                                 │
╰──────────────────────────────────────────────────────────────────────────────╯
)";
    CHECK(screen(busy(), {{0, 1, 2, TIDEMARK_DEVICE_HOST}}) == expected);
}

TEST_CASE("every line of the monitor is as wide as the box, and ASCII is ASCII") {
    for (const std::size_t width : {60, 72, 80, 120, 160}) {
        CAPTURE(width);
        std::istringstream lines(screen(busy(), {{0, 1, 7}, 1000, false, width}));
        for (std::string line; std::getline(lines, line);) {
            CAPTURE(line);
            CHECK(model::columns_of(line) == width);
        }
    }
    const cli::Terminal ascii(-1, cli::ColorChoice::kNever, true);
    for (const char c : cli::monitor_text(busy(), {{0, 1}}, ascii)) {
        CHECK(static_cast<unsigned char>(c) < 0x80);
    }
}

TEST_CASE("figures that losses touched are marked, and a device without rows is then unknown") {
    model::Snapshot snapshot = busy();
    snapshot.devices[0].pools[0].exact = false;
    snapshot.collector.counters->lost.allocations[TIDEMARK_LOSS_FULL] = 3;
    const std::string text = screen(snapshot, {{0, 2}});
    CHECK(holds(text, "~450.00 MB"));
    CHECK(holds(text, "Active buffers ~185"));
    CHECK(holds(text, "Active buffers N/A   Total allocations N/A   Total frees N/A"));
    CHECK(holds(text, "lost 3 events"));
}

TEST_CASE(
    "the older client's flags: all eight devices, one, several in both spellings, one query") {
    test::FakeCollector collector("monflag");
    test::a_busy_machine(collector);
    const auto shown = [&](std::vector<std::string> words) {
        const auto ran =
            run_link("tracy_memory_monitor_client", std::move(words), collector.instance());
        CAPTURE(ran.err);
        CHECK(ran.status == 0);
        CHECK(ran.out.starts_with("Seeing all tracked processes, through the collector with pid "));
        return ran.out;
    };
    for (const char* all : {"-a", "--all"}) {
        const std::string text = shown({all, "-s"});
        CHECK(count(text, "│ Device ") == 8);
        CHECK(holds(text, "Device 7"));
    }
    CHECK(count(shown({"-d", "1", "--single"}), "│ Device ") == 1);
    CHECK(count(shown({"-d", "0", "-d", "1", "-q"}), "│ Device ") == 2);
    CHECK(holds(shown({"-d", "0,1,5", "-q"}), "devices 0, 1, 5"));
    CHECK(count(shown({"-q"}), "│ Device ") == 2);
    CHECK(holds(shown({"-r", "250", "-n", "2"}), "every 250 ms"));
    CHECK(holds(shown({"-q", "-d", "host"}), "SYS_MEM"));
}

TEST_CASE("watching repeats, and moves no cursor where there is no terminal") {
    test::FakeCollector collector("monwatch");
    test::a_busy_machine(collector);
    const auto ran =
        run_link("allocation_monitor_client", {"-r", "1", "-n", "3"}, collector.instance());
    CHECK(ran.status == 0);
    CHECK(count(ran.out, "Tidemark memory monitor") == 3);
    CHECK(count(ran.out, "Seeing all") == 1);
    CHECK_FALSE(holds(ran.out, "\x1b"));
}

TEST_CASE("without a collector the monitor says that it sees nobody, and ends with 3") {
    const test::FakeMachine machine;
    machine.add_card(0, "n300", "wormhole", "0x401e");
    const auto ran = run_tidemark({"monitor", "-s", "--sysfs-root", machine.root(), "--instance",
                                   "test-none-" + std::to_string(::getpid())});
    CHECK(ran.status == 3);
    CHECK(holds(ran.err, "no collector runs for instance"));
    CHECK(holds(ran.err, "no process can be seen"));
    CHECK(holds(ran.out, "Device 0  n300"));
    CHECK(holds(ran.out, "N/A / 12.00 GB"));
}

TEST_CASE("the monitor refuses what it has no use for") {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"-p", "1"}, {"--pool", "L1"}, {"-u", "root"}, {"--json"}}) {
        std::vector<std::string> all = {"monitor"};
        all.insert(all.end(), words.begin(), words.end());
        const auto ran = run_tidemark(all);
        CHECK(ran.status == 2);
        CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    }
}

TEST_CASE("the older tables' names print the table, with their flags") {
    test::FakeCollector collector("monsmi");
    test::a_busy_machine(collector);
    for (const char* name : {"tt_smi", "tt_smi_umd"}) {
        const auto once = run_link(name, {}, collector.instance());
        CHECK(once.status == 0);
        CHECK(count(once.out, "│ Tidemark ") == 1);
        const auto watched = run_link(name, {"-w", "-r", "1", "-n", "2"}, collector.instance());
        CHECK(watched.status == 0);
        CHECK(count(watched.out, "│ Tidemark ") == 2);
    }
}

TEST_CASE("a program's name decides by its last part alone") {
    CHECK(cli::verb_of_program("/usr/bin/tt_smi") == "smi");
    CHECK(cli::verb_of_program("allocation_monitor_client") == "monitor");
    CHECK(cli::verb_of_program("/opt/tt_smi/tidemark").empty());
    CHECK(cli::verb_of_program("tt_smi2").empty());
    CHECK(cli::verb_of_program("").empty());
}
