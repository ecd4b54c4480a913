// SPDX-License-Identifier: Apache-2.0
//
// Sizes, counts, durations and names of other programs, as people write and read them.
#include <doctest/doctest.h>

#include <clocale>
#include <ctime>

#include "tidemark/stats_abi.h"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

using namespace tidemark::model;

TEST_CASE("sizes print with 1024-based units and never as 1024 of one") {
    CHECK(format_bytes(0) == "0 B");
    CHECK(format_bytes(1023) == "1023 B");
    CHECK(format_bytes(1024) == "1.00 KB");
    CHECK(format_bytes(471859200) == "450.00 MB");
    CHECK(format_bytes(1048575) == "1.00 MB");
    CHECK(format_bytes(std::uint64_t{12} << 30) == "12.00 GB");
    CHECK(format_bytes(~std::uint64_t{0}) == "16.00 EB");
}

TEST_CASE("counts print with separators") {
    CHECK(format_count(0) == "0");
    CHECK(format_count(999) == "999");
    CHECK(format_count(1000) == "1,000");
    CHECK(format_count(1234567890) == "1,234,567,890");
}

TEST_CASE("durations print in their two largest units") {
    CHECK(format_duration(0) == "0.0 s");
    CHECK(format_duration(9999) == "9.9 s");
    CHECK(format_duration(12000) == "12 s");
    CHECK(format_duration(200000) == "3 min 20 s");
    CHECK(format_duration(7500000) == "2 h 5 min");
    CHECK(format_duration(273600000) == "3 d 4 h");
}

TEST_CASE("sizes are read in bytes or with a unit, all 1024-based") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("4096") == 4096);
    CHECK(parse_size("1K") == 1024);
    CHECK(parse_size("1kb") == 1024);
    CHECK(parse_size("512KiB") == 524288);
    CHECK(parse_size("1.5GB") == 1610612736);
    CHECK(parse_size("2 MB") == 2097152);
    CHECK(parse_size("16777215T") == std::uint64_t{16777215} << 40);
}

TEST_CASE("what is no size, or too large for one, is refused") {
    for (const char* text :
         {"", "K", "-1", "1.5", "1KK", "1X", "0x10", "1e3", "16777216T", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_size(text).has_value());
    }
}

TEST_CASE("times carry their zone") {
    setenv("TZ", "UTC", 1);
    ::tzset();
    CHECK(format_iso_time(1'900'000'000'125'000'000) == "2030-03-17T17:46:40.125+00:00");
}

TEST_CASE("devices are numbers or the host") {
    CHECK(parse_device("host") == TIDEMARK_DEVICE_HOST);
    CHECK(parse_device("7") == 7);
    CHECK_FALSE(parse_device("65535").has_value());
    CHECK_FALSE(parse_device("-1").has_value());
    CHECK(device_word(TIDEMARK_DEVICE_HOST) == "host");
}

TEST_CASE("names of programs cannot drive the terminal") {
    CHECK(printable("plain") == "plain");
    CHECK(printable("a\x1b[31mb\n") == "a?[31mb?");
    CHECK(printable("\xff\xfe") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(printable("\xC0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD");  // an overlong zero
    CHECK(printable("\xE2\x80\xAEgpj.exe") == "?gpj.exe");       // turns the direction of text
    CHECK(printable("\xC2\x9B"
                    "31m") == "?31m");  // a C1 control
    CHECK(ascii_only("a\xC3\xA9") == "a?");
}

TEST_CASE("text is measured and cut in columns") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    CHECK(columns_of("h\xC3\xA9llo") == 5);
    CHECK(columns_of("\xE6\xBC\xA2\xE5\xAD\x97") == 4);
    CHECK(cut("abcdef", 6, false) == "abcdef");
    CHECK(cut("abcdef", 4, false) == "abc\xE2\x80\xA6");
    CHECK(cut("abcdef", 5, true) == "ab...");
    CHECK(cut("abcdef", 0, false).empty());
    CHECK(columns_of(cut("\xE6\xBC\xA2\xE5\xAD\x97\xE6\xBC\xA2", 4, false)) <= 4);
}

TEST_CASE("how a program ended is said in words, in a tag, or not at all") {
    CHECK(ending_text(TIDEMARK_ENDING_EXITED, 3) == "exit status 3");
    CHECK(ending_tag(TIDEMARK_ENDING_EXITED, 0) == "exit 0");
    CHECK(ending_text(TIDEMARK_ENDING_KILLED, 9) == "killed by SIGKILL");
    CHECK(ending_text(TIDEMARK_ENDING_CRASHED, 11) == "crashed by SIGSEGV");
    CHECK(ending_tag(TIDEMARK_ENDING_CRASHED, 11) == "SIGSEGV");
    CHECK(ending_tag(TIDEMARK_ENDING_KILLED, 4711) == "signal 4711");
    CHECK(ending_tag(TIDEMARK_ENDING_EXECUTED, 0) == "exec");
    CHECK(ending_text(TIDEMARK_ENDING_UNKNOWN, 0).empty());
    CHECK(ending_tag(99, 0).empty());
    CHECK(ending_word(99).empty());
    CHECK(origin_word(TIDEMARK_ORIGIN_SOCKET) == "socket");
    CHECK(origin_word(99) == "unknown");
}
