// SPDX-License-Identifier: Apache-2.0
//
// The configuration file: what is accepted, and that what is not names its key and changes nothing.
#include <doctest/doctest.h>

#include <string>

#include "collector/configuration.hpp"
#include "collector/quantity.hpp"
#include "collector/sink_record.hpp"

namespace tidemark::collector {
namespace {

std::string refusal(const std::string& text) {
    Configuration configuration;
    configuration.instance = "before";
    configuration.limits.image_quantum = 77;
    std::string error;
    CHECK_FALSE(parse_configuration(text, "test.json", configuration, error));
    CHECK(configuration.instance == "before");
    CHECK(configuration.limits.image_quantum == 77);
    CHECK(configuration.devices.empty());
    CHECK(error.find("test.json") != std::string::npos);
    return error;
}

bool contains(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

TEST_CASE("the example file of the documentation is read as it says") {
    Configuration configuration;
    std::string error;
    const std::string root = std::getenv("TIDEMARK_SOURCE_DIR");
    REQUIRE_MESSAGE(read_configuration(root + "/examples/tidemark.json", configuration, error),
                    error);
    REQUIRE(configuration.devices.size() == 2);
    const DeviceConfiguration& card = configuration.devices[0];
    CHECK(card.device == 0);
    CHECK(card.name == "n150");
    CHECK(card.arch == 2);
    CHECK(card.dram_channels == 6);
    CHECK(card.dram_per_channel == std::uint64_t{2} << 30);
    CHECK(card.l1_per_core == 1536 << 10);
    CHECK(card.capacity[TIDEMARK_MEMORY_DRAM] == std::uint64_t{12} << 30);
    CHECK(configuration.devices[1].device == TIDEMARK_DEVICE_HOST);
    CHECK(configuration.limits.exited_grace_ns == 300'000'000'000);
    CHECK(configuration.stats_mode == 0640);
    CHECK(configuration.leak_log == "/var/log/tidemark/leaks.json");
}

TEST_CASE("an unknown key is named with its place and what is known there") {
    CHECK(contains(refusal(R"({"instnce":"a"})"), "\"instnce\""));
    const std::string deep =
        refusal(R"({"devices":[{"device":0},{"device":1,"capacity":{"DDR":1}}]})");
    CHECK(contains(deep, "\"devices[1].capacity.DDR\""));
    CHECK(contains(deep, "known here: DRAM, L1, HOST"));
    CHECK(
        contains(refusal(R"({"limits":{"image_quantum":100,"quantum":1}})"), "\"limits.quantum\""));
}

TEST_CASE("values of the wrong type or out of range are named") {
    CHECK(contains(refusal(R"({"limits":{"image_quantum":63}})"), "limits.image_quantum: 63"));
    CHECK(contains(refusal(R"({"limits":{"image_quantum":65537}})"), "from 64 to 65536"));
    CHECK(contains(refusal(R"({"limits":{"image_quantum":-5}})"), "-5"));
    CHECK(contains(refusal(R"({"limits":{"live_table":"9G"}})"), "limits.live_table"));
    CHECK(contains(refusal(R"({"limits":{"live_table":1048575}})"), "limits.live_table"));
    CHECK(contains(refusal(R"({"limits":{"live_table":"12X"}})"), "12X"));
    CHECK(contains(refusal(R"({"limits":{"exited_grace":"soon"}})"), "\"forever\""));
    CHECK(contains(refusal(R"({"limits":{"exited_grace":-1}})"), "exited_grace"));
    CHECK(contains(refusal(R"({"stats":{"mode":"0755"}})"), "stats.mode"));
    CHECK(contains(refusal(R"({"stats":{"mode":420}})"), "stats.mode"));
    CHECK(contains(refusal(R"({"instance":"a/b"})"), "a/b"));
    CHECK(contains(refusal(R"({"instance":"ring"})"), "collide"));
    CHECK(contains(refusal(R"({"event_log":"relative.json"})"), "absolute path"));
    CHECK(contains(refusal(R"({"devices":{}})"), "devices"));
    CHECK(contains(refusal(R"({"devices":[{"name":"x"}]})"), "\"device\" is missing"));
    CHECK(contains(refusal(R"({"devices":[{"device":65535}]})"), "65535"));
    CHECK(contains(refusal(R"({"devices":[{"device":"gpu"}]})"), "gpu"));
    CHECK(contains(refusal(R"({"devices":[{"device":0},{"device":0}]})"), "devices[1].device"));
    CHECK(contains(refusal(R"({"devices":[{"device":0,"architecture":"hopper"}]})"), "hopper"));
    CHECK(contains(refusal(R"({"devices":[{"device":0,"name":"a\nb"}]})"), "devices[0].name"));
    CHECK(contains(refusal("[]"), "an object"));
}

TEST_CASE("what is not JSON, or says a thing twice, is refused") {
    CHECK(contains(refusal("{"), "is not JSON"));
    CHECK(contains(refusal(R"({"instance":"a"} trailing)"), "is not JSON"));
    CHECK(contains(refusal(R"({"instance":"a","instance":"b"})"), "stands twice"));
    CHECK(contains(refusal("{\"instance\":\"\xff\"}"), "is not JSON"));
    CHECK(contains(refusal(std::string(100'000, '[')), "is not JSON"));
}

TEST_CASE("a good key before a bad one changes nothing") {
    refusal(
        R"({"instance":"good","limits":{"image_quantum":128},"devices":[{"device":1}],"zzz":0})");
}

TEST_CASE("a file that can't be read is an error that names it") {
    Configuration configuration;
    std::string error;
    CHECK_FALSE(read_configuration("/nonexistent/tidemark.json", configuration, error));
    CHECK(contains(error, "/nonexistent/tidemark.json: No such file"));
    CHECK_FALSE(read_configuration("/tmp", configuration, error));
    CHECK(contains(error, "/tmp: "));
    CHECK_FALSE(read_configuration("/dev/zero", configuration, error));
    CHECK(contains(error, "larger than 1 MiB"));
}

TEST_CASE("sizes") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("4096") == 4096);
    CHECK(parse_size("12G") == std::uint64_t{12} << 30);
    CHECK(parse_size("12gb") == std::uint64_t{12} << 30);
    CHECK(parse_size("1T") == std::uint64_t{1} << 40);
    for (const char* bad : {"", "G", "B", "1B", "-1", "+1", " 1", "1 G", "1.5G", "1GG", "0x10",
                            "99999999999999999999", "18014398509481984K"}) {
        INFO(bad);
        CHECK_FALSE(parse_size(bad));
    }
}

TEST_CASE("durations, modes and devices") {
    CHECK(parse_grace("60") == 60'000'000'000);
    CHECK(parse_grace("0.25") == 250'000'000);
    CHECK(parse_grace("forever") == kUnknown);
    for (const char* bad : {"", ".", "1.", ".5", "-1", "1e3", "400000000", "0.1234567890"}) {
        INFO(bad);
        CHECK_FALSE(parse_grace(bad));
    }
    CHECK(parse_mode("0644") == 0644);
    CHECK(parse_mode("600") == 0600);
    for (const char* bad : {"", "0755", "0444", "8", "1644", "-644", "0666", "0660", "0646"})
        CHECK_FALSE(parse_mode(bad));
    CHECK(parse_device("host") == TIDEMARK_DEVICE_HOST);
    CHECK(parse_device("65534") == 65534);
    for (const char* bad : {"", "65535", "HOST", "-1", "1 "})
        CHECK_FALSE(parse_device(bad));
}

TEST_CASE("a file nested without end, or with a key of two lines, is refused in one line") {
    const std::string deep(500'000, '[');
    for (const std::string& text : {R"({"devices":)" + deep + std::string(deep.size(), ']') + "}",
                                    deep, std::string(R"({"a\nb":1,"a\nb":1})")}) {
        const std::string error = refusal(text);
        CHECK_FALSE(error.empty());
        CHECK_FALSE(contains(error, "\n"));
    }
}

}  // namespace
}  // namespace tidemark::collector
