// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's cards through a library that stands in for theirs.
#include <doctest/doctest.h>

#include <cstdlib>

#include "unit/sensors/fake_machine.hpp"
#include "viewers/sensors/nvml.hpp"

using namespace tidemark;

namespace {

std::vector<sensors::Reading> read_with(const char* behaviour) {
    ::setenv("FAKE_NVML", behaviour, 1);
    const test::FakeMachine machine;
    machine.add_nvidia();
    return sensors::Nvml(machine.at("/libnvidia-ml.so.1")).read();
}

}  // namespace

TEST_CASE("a card that answers everything is read with its units") {
    const auto cards = read_with("");
    REQUIRE(cards.size() == 2);
    const sensors::Reading& card = cards[0];
    CHECK(card.source == sensors::Source{sensors::Kind::kNvidia, 0});
    CHECK(card.name == "NVIDIA Fake 80GB");
    CHECK(card.serial == "1650022000017");
    CHECK(card.pci == "0000:18:00.0");
    CHECK(card.temperature_c == 41);
    CHECK(card.power_w == 118.5);
    CHECK(card.utilization_percent == 37);
    CHECK(card.clock_mhz == 1980);
    CHECK(card.memory_used == 20ull << 30);
    CHECK(card.memory_total == 80ull << 30);
    CHECK_FALSE(card.fan_rpm);  // NVML tells per cent
    CHECK_FALSE(card.voltage_v);
}

TEST_CASE("a card that supports nothing is listed, with nothing known of it but its name") {
    const auto cards = read_with("");
    REQUIRE(cards.size() == 2);
    CHECK(cards[1].source.index == 1);
    CHECK(cards[1].name == "NVIDIA Silent");
    CHECK_FALSE(cards[1].serial);
    CHECK_FALSE(cards[1].pci);
    CHECK_FALSE(cards[1].temperature_c);
    CHECK_FALSE(cards[1].power_w);
    CHECK_FALSE(cards[1].utilization_percent);
    CHECK_FALSE(cards[1].clock_mhz);
    CHECK_FALSE(cards[1].memory_used);
}

TEST_CASE("figures that can't be are unknown") {
    const auto cards = read_with("sentinels");
    REQUIRE(cards.size() == 2);
    CHECK_FALSE(cards[0].temperature_c);
    CHECK_FALSE(cards[0].power_w);
    CHECK_FALSE(cards[0].utilization_percent);
    CHECK_FALSE(cards[0].clock_mhz);
    CHECK_FALSE(cards[0].memory_used);
    CHECK(cards[0].serial == "1650022000017");
}

TEST_CASE(
    "without the library, with one that lacks its functions or does not start, there are no "
    "cards") {
    CHECK(read_with("broken").empty());
    CHECK(sensors::Nvml("/nonexistent/libnvidia-ml.so.1").read().empty());
    CHECK(sensors::Nvml("libm.so.6").read().empty());
}
