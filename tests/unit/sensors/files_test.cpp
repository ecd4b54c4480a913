// SPDX-License-Identifier: Apache-2.0
//
// Trees of files that stand in for /sys and /proc: whole ones, partial ones, and files that fail, lie or never end.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "unit/sensors/fake_machine.hpp"
#include "viewers/sensors/capacities.hpp"
#include "viewers/sensors/sensors.hpp"

using namespace tidemark;
using sensors::Reading;
using test::FakeMachine;

namespace {

std::vector<Reading> read(const FakeMachine& machine) {
    return sensors::Sensors(machine.root()).read();
}

// The only card beside the host.
Reading the_card(const FakeMachine& machine) {
    const auto all = read(machine);
    REQUIRE(all.size() == 2);
    return all[0];
}

}  // namespace

TEST_CASE("a card whose files all answer is read with its units") {
    const FakeMachine machine;
    machine.add_card(0, "n300", "wormhole", "0x401e");
    const Reading card = the_card(machine);
    CHECK(card.source == sensors::Source{sensors::Kind::kTenstorrent, 0});
    CHECK(card.name == "Wormhole");
    CHECK(card.card_type == "n300");
    CHECK(card.serial == "0100014511702058");
    CHECK(card.pci == "0000:01:00.0");
    CHECK(card.temperature_c == 45.25);
    CHECK(card.voltage_v == 0.812);
    CHECK(card.power_w == 36.0);
    CHECK(card.fan_rpm == 2100);
    CHECK(card.clock_mhz == 1000);
    // The driver tells neither.
    CHECK_FALSE(card.utilization_percent);
    CHECK_FALSE(card.memory_used);
    CHECK_FALSE(card.memory_total);
}

TEST_CASE("cards are listed by the driver's number, with the chip that their PCI id names") {
    const FakeMachine machine;
    machine.add_card(10, "p150a", "blackhole", "0xb140");
    machine.add_card(2, "e75", "grayskull", "0xfaca");
    machine.add_card(3, "x", "wormhole", "0xffff");
    machine.file("/sys/class/tenstorrent/tenstorrent!two/tt_card_type", "n150\n");
    const auto all = read(machine);
    REQUIRE(all.size() == 4);
    CHECK(all[0].source.index == 2);
    CHECK(all[0].name == "Grayskull");
    CHECK_FALSE(all[1].name);
    CHECK(all[2].source.index == 10);
    CHECK(all[2].name == "Blackhole");
}

TEST_CASE("what a card does not have is unknown, and the rest is read") {
    const FakeMachine machine;
    machine.add_card(0, "p150a", "blackhole", "0xb140");
    machine.remove(FakeMachine::hwmon(0) + "/fan1_input");
    machine.remove(FakeMachine::card(0) + "/tt_serial");
    machine.remove(FakeMachine::card(0) + "/device/uevent");
    const Reading card = the_card(machine);
    CHECK_FALSE(card.fan_rpm);
    CHECK_FALSE(card.serial);
    CHECK_FALSE(card.pci);
    CHECK(card.temperature_c == 45.25);
}

TEST_CASE(
    "a card in a folder of links, as the kernel makes it, has the address that its link names") {
    const FakeMachine machine;
    machine.add_card(0, "n150", "wormhole", "0x401e");
    std::filesystem::create_directories(machine.at("/sys/devices/pci0000:00"));
    std::filesystem::rename(machine.at(FakeMachine::card(0) + "/device"),
                            machine.at("/sys/devices/pci0000:00/0000:41:00.0"));
    machine.link(FakeMachine::card(0) + "/device", "../../../devices/pci0000:00/0000:41:00.0");
    machine.remove("/sys/devices/pci0000:00/0000:41:00.0/uevent");
    CHECK(the_card(machine).pci == "0000:41:00.0");
    CHECK(the_card(machine).temperature_c == 45.25);
}

TEST_CASE("reads that fail are unknown, not 0") {
    const FakeMachine machine;
    machine.add_card(0, "n300", "wormhole", "0x401e");
    machine.folder(FakeMachine::hwmon(0) + "/temp1_input");                   // EISDIR
    machine.link(FakeMachine::hwmon(0) + "/power1_input", "/proc/self/mem");  // EIO
    machine.link(FakeMachine::hwmon(0) + "/in0_input", "/nonexistent");       // ENOENT
    machine.folder(FakeMachine::card(0) + "/tt_card_type");
    const Reading card = the_card(machine);
    CHECK_FALSE(card.temperature_c);
    CHECK_FALSE(card.power_w);
    CHECK_FALSE(card.voltage_v);
    CHECK_FALSE(card.card_type);
    CHECK(card.fan_rpm == 2100);
}

TEST_CASE("a pipe in the place of a file keeps nobody waiting") {
    const FakeMachine machine;
    machine.add_card(0, "n300", "wormhole", "0x401e");
    machine.remove(FakeMachine::card(0) + "/tt_aiclk");
    REQUIRE(::mkfifo(machine.at(FakeMachine::card(0) + "/tt_aiclk").c_str(), 0600) == 0);
    CHECK_FALSE(the_card(machine).clock_mhz);
}

TEST_CASE("text that is no figure, and figures that can't be, are unknown") {
    const FakeMachine machine;
    machine.add_card(0, "n300", "wormhole", "0x401e");
    const std::string temperature = FakeMachine::hwmon(0) + "/temp1_input";
    for (const char* text : {"", "\n", "hot", "45 C", "45000\n46000\n", "0x20", "4.5", "-300000",
                             "4294967295", "9223372036854775808", "--1"}) {
        CAPTURE(text);
        machine.file(temperature, text);
        CHECK_FALSE(the_card(machine).temperature_c);
    }
    machine.file(temperature, " -5500 \n");
    CHECK(the_card(machine).temperature_c == -5.5);
    machine.file(temperature, "0");
    CHECK(the_card(machine).temperature_c == 0);
    machine.file(FakeMachine::card(0) + "/tt_aiclk", "4294967295\n");
    CHECK_FALSE(the_card(machine).clock_mhz);
}

TEST_CASE("huge files are read no further than is sensible") {
    const FakeMachine machine;
    machine.add_card(0, "n300", "wormhole", "0x401e");
    machine.file(FakeMachine::card(0) + "/tt_card_type", std::string(10'000'000, 'n'));
    machine.link(FakeMachine::hwmon(0) + "/fan1_input", "/dev/zero");
    machine.file(FakeMachine::hwmon(0) + "/temp1_input", "45000" + std::string(1'000'000, ' '));
    const Reading card = the_card(machine);
    CHECK_FALSE(card.card_type);
    CHECK_FALSE(card.fan_rpm);
    CHECK_FALSE(card.temperature_c);
    CHECK(sensors::Tree(machine.root()).read(FakeMachine::card(0) + "/tt_card_type")->size() ==
          65536);
}

TEST_CASE("the host's memory is what programs could not have, its temperature the package's") {
    const FakeMachine machine;
    machine.add_host();
    const auto all = read(machine);
    REQUIRE(all.size() == 1);
    CHECK(all[0].memory_total == 32'000'000ull * 1024);
    CHECK(all[0].memory_used == 8'000'000ull * 1024);
    CHECK(all[0].temperature_c == 51);
    machine.file("/sys/class/hwmon/hwmon1/name", "coretemp\n");
    machine.file("/sys/class/hwmon/hwmon1/temp1_label", "Package id 1\n");
    machine.file("/sys/class/hwmon/hwmon1/temp1_input", "62000\n");
    CHECK(read(machine)[0].temperature_c == 62);
}

TEST_CASE("processors of other makers name their temperature otherwise") {
    const FakeMachine machine;
    machine.file("/sys/class/hwmon/hwmon0/name", "k10temp\n");
    machine.file("/sys/class/hwmon/hwmon0/temp1_label", "Tctl\n");
    machine.file("/sys/class/hwmon/hwmon0/temp1_input", "48000\n");
    CHECK(read(machine)[0].temperature_c == 48);
    machine.file("/sys/class/hwmon/hwmon0/name", "nvme\n");
    CHECK_FALSE(read(machine)[0].temperature_c);
}

TEST_CASE("a host that tells nothing is listed, with nothing known of it") {
    const FakeMachine machine;
    for (const char* text : {"", "MemTotal: lots\n", "MemTotal: 5 kB\nMemAvailable: 6 kB\n",
                             "MemTotal: 5 MB\nMemAvailable: 1 kB\n"}) {
        CAPTURE(text);
        machine.file("/proc/meminfo", text);
        const auto all = read(machine);
        REQUIRE(all.size() == 1);
        CHECK(all[0].source.kind == sensors::Kind::kHost);
        CHECK_FALSE(all[0].memory_used);
        CHECK_FALSE(all[0].temperature_c);
    }
}

TEST_CASE("who holds a card open is told with his handles and his name") {
    const FakeMachine machine;
    machine.hold(1, "900\n31337\n900\n");
    machine.file("/proc/900/comm", "infer\n");
    const auto holders = sensors::Sensors(machine.root()).holders(1);
    CHECK(holders.known);
    REQUIRE(holders.list.size() == 2);
    CHECK(holders.list[0].pid == 900);
    CHECK(holders.list[0].handles == 2);
    CHECK(holders.list[0].name == "infer");
    CHECK_FALSE(holders.list[1].name);
}

TEST_CASE("a list of holders that can't be read or makes no sense is unknown, with the reason") {
    const FakeMachine machine;
    const sensors::Sensors all(machine.root());
    CHECK_FALSE(all.holders(0).known);
    CHECK(all.holders(0).problem == "/proc/driver/tenstorrent/0/pids: No such file or directory");
    machine.hold(0, "900\nnobody\n");
    CHECK(all.holders(0).problem ==
          "/proc/driver/tenstorrent/0/pids: holds a line that is no process id");
    machine.hold(0, "");
    CHECK(all.holders(0).known);
    CHECK(all.holders(0).list.empty());
}

TEST_CASE("capacities are those of one chip, and only where a source states them") {
    CHECK(sensors::capacities_of("n300").dram == 12ull << 30);
    CHECK(sensors::capacities_of("n300").l1 == 64ull * 1499136);
    CHECK(sensors::capacities_of("N150").l1 == 72ull * 1499136);
    CHECK(sensors::capacities_of("p100a").dram == 28ull << 30);
    CHECK(sensors::capacities_of("p150a").dram == 32ull << 30);
    CHECK_FALSE(sensors::capacities_of("p150a").l1);
    CHECK_FALSE(sensors::capacities_of("p999").dram);
    CHECK_FALSE(sensors::capacities_of("").dram);
}

TEST_CASE("sources are written and read alike") {
    for (const char* word : {"tenstorrent:0", "nvidia:12", "host"}) {
        const auto source = sensors::parse_source(word);
        REQUIRE(source);
        CHECK(sensors::source_word(*source) == word);
    }
    for (const char* word : {"", "nvidia", "nvidia:", "nvidia:x", "nvidia:-1", "nvidia:1x",
                             "tenstorrent:99999999999", "amd:0"}) {
        CAPTURE(word);
        CHECK_FALSE(sensors::parse_source(word));
    }
}
