// SPDX-License-Identifier: Apache-2.0
//
// The producer's small parts: sizes, identity, clock, losses, bell.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "producer/losses.hpp"
#include "producer/settings.hpp"
#include "shm/bell_ring.hpp"
#include "shm/clock.hpp"
#include "shm/identity_raw.hpp"
#include "shm/raw_file.hpp"
#include "shm/untracked.hpp"

using namespace tidemark;

TEST_CASE("sizes are numbers with units of 1024, and nothing else is a size") {
    CHECK(producer::parse_size("1048576") == 1048576);
    CHECK(producer::parse_size("64K") == 65536);
    CHECK(producer::parse_size("64kb") == 65536);
    CHECK(producer::parse_size("16M") == 16u << 20);
    CHECK(producer::parse_size("1GB") == 1u << 30);
    for (const char* wrong : {"", "M", "-1", "1.5M", "12X", "12MiB", "1 M", "99999999999999999999",
                              "999999999G", "0"}) {
        CAPTURE(wrong);
        CHECK(producer::parse_size(wrong) == 0);
    }
}

TEST_CASE("settings come from the environment; what can't be read falls back on the default") {
    setenv("TIDEMARK_ENABLED", "1", 1);
    setenv("TIDEMARK_RING_BUDGET", "2M", 1);
    setenv("TIDEMARK_POLICY", "drop", 1);
    setenv("TIDEMARK_INSTANCE", std::string(100, 'x').c_str(), 1);
    producer::Settings settings;
    producer::read_settings(settings);
    CHECK(settings.enabled);
    CHECK(settings.drop);
    CHECK(settings.budget == 2u << 20);
    CHECK(std::string(settings.instance) == std::string(63, 'x'));

    setenv("TIDEMARK_RING_BUDGET", "2 elephants", 1);
    setenv("TIDEMARK_POLICY", "block", 1);
    setenv("TIDEMARK_ENABLED", "0", 1);
    unsetenv("TIDEMARK_INSTANCE");
    producer::read_settings(settings);
    CHECK_FALSE(settings.enabled);
    CHECK_FALSE(settings.drop);
    CHECK(settings.budget == shm::kDefaultRingBudget);
    CHECK(settings.instance[0] == '\0');

    setenv("TIDEMARK_RING_BUDGET", "1", 1);
    setenv("TT_ALLOC_TRACKING_ENABLED", "1", 1);
    producer::read_settings(settings);
    CHECK(settings.enabled);
    CHECK(settings.budget == shm::kMinRingBudget);
    setenv("TIDEMARK_RING_BUDGET", "99G", 1);
    producer::read_settings(settings);
    CHECK(settings.budget == shm::kMaxRingBudget);

    const std::pair<const char*, std::uint32_t> depths[] = {
        {"1", 1}, {"16", 16}, {"32", 32}, {"33", 32}, {"1G", 32}, {"0", 0}, {"deep", 0}, {"", 0}};
    for (const auto& [text, frames] : depths) {
        CAPTURE(text);
        setenv("TIDEMARK_STACKS", text, 1);
        producer::read_settings(settings);
        CHECK(settings.stacks == frames);
    }
    setenv("TT_ALLOC_STACK_TRACE", "1", 1);
    setenv("TIDEMARK_STACKS", "4", 1);
    producer::read_settings(settings);
    CHECK(settings.stacks == 4);
    unsetenv("TIDEMARK_STACKS");
    producer::read_settings(settings);
    CHECK(settings.stacks == 16);
    unsetenv("TT_ALLOC_STACK_TRACE");
    producer::read_settings(settings);
    CHECK(settings.stacks == 0);

    // Before libc knows its environment, the kernel's copy of it counts.
    char** const kept = environ;
    environ = nullptr;
    producer::read_settings(settings);
    environ = kept;
    CHECK_FALSE(settings.enabled);  // the test itself was started without
    CHECK(settings.budget == shm::kDefaultRingBudget);
}

TEST_CASE("the start time is found behind any name that a process may have") {
    std::string fields = " S 1";
    for (int field = 5; field < 22; ++field)
        fields += " 0";
    fields += " 4711 99 98";
    for (const std::string name : {"sh", "a b", "a) S 7 (", ")))", ""}) {
        const std::string stat = "12 (" + name + ")" + fields;
        CAPTURE(stat);
        CHECK(shm::parse_start_ticks(stat.data(), stat.size()) == 4711);
    }
    for (const std::string wrong : {"", "12", "12 (sh)", "12 (sh) S 1 2 3"})
        CHECK(shm::parse_start_ticks(wrong.data(), wrong.size()) == 0);
}

TEST_CASE("a process knows who it is") {
    shm::Identity identity;
    shm::read_own_identity(identity);
    CHECK(identity.pid == getpid());
    CHECK(identity.parent_pid == getppid());
    CHECK(identity.uid == geteuid());
    CHECK(identity.start_ticks != 0);
    CHECK(identity.start_ticks == shm::read_start_ticks(getpid()));
    CHECK(identity.pid_namespace != 0);
    CHECK(std::string(identity.command).find("producer_parts") != std::string::npos);
    CHECK(std::string(identity.name).rfind("producer_parts", 0) == 0);
    CHECK(shm::read_start_ticks(0x7FFFFFFF) == 0);
    CHECK(shm::random_image_id() != shm::random_image_id());
}

TEST_CASE("the clock never runs backwards in a thread, and the kernel agrees that it is good") {
    const shm::ClockKind kind = shm::choose_clock();
    std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    std::string source;
    file >> source;
    CHECK((kind == shm::ClockKind::kTsc) == (source == "tsc"));
    std::uint64_t last = 0;
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t now = shm::read_clock(kind);
        REQUIRE(now >= last);
        last = now;
    }
}

TEST_CASE("numbers are spelled without libc") {
    char text[32];
    shm::put_decimal(text, 0);
    CHECK(std::string(text) == "0");
    shm::put_decimal(text, 18446744073709551615u);
    CHECK(std::string(text) == "18446744073709551615");
    shm::put_hex16(text, 0x00C0FFEE);
    CHECK(std::string(text) == "0000000000c0ffee");
}

TEST_CASE("a gap says first stamp, counts and bytes, once") {
    producer::GapNote note{};
    CHECK_FALSE(note.is_open());
    const auto allocation = shm::Event{50, 1, pack(shm::Operation::kAllocation, 0, 100), 0, 0};
    const auto free = shm::Event{60, 1, pack(shm::Operation::kFree, 0, 0), 0, 0};
    producer::count_loss(TIDEMARK_LOSS_FULL, allocation, &note);
    producer::count_loss(TIDEMARK_LOSS_FULL, allocation, &note);
    producer::count_loss(TIDEMARK_LOSS_FULL, free, &note);
    producer::GapNote other{};
    producer::move_gap(note, other);
    CHECK_FALSE(note.is_open());
    const shm::Event gap = producer::take_gap(other);
    CHECK_FALSE(other.is_open());
    CHECK(gap.operation() == shm::Operation::kGap);
    CHECK(gap.stamp == 50);
    CHECK(gap.id == (std::uint64_t{2} << 32 | 1));
    CHECK(gap.size() == 200);
}

TEST_CASE("only a collector that would take the ring counts as one to wait for") {
    auto page = std::make_unique<shm::BellPage>();
    auto header = std::make_unique<shm::RingHeader>();
    const std::uint64_t now = 10'000'000'000;
    header->consumer_slot = -1;
    CHECK_FALSE(shm::collector_lives(page.get(), *header, now));
    CHECK_FALSE(shm::collector_lives(nullptr, *header, now));

    page->slots[3].heartbeat_ns = now - 1'999'999'999;
    std::strcpy(page->slots[3].instance, "one");
    CHECK_FALSE(shm::collector_lives(page.get(), *header, now));
    header->uid = 1000;
    for (const char* instance : {"system", "user-1000"}) {
        std::strcpy(page->slots[3].instance, instance);
        CHECK(shm::collector_lives(page.get(), *header, now));
    }
    for (const char* instance :
         {"user-100", "user-10000", "user-1001", "systems", "syste", "user-"}) {
        std::strcpy(page->slots[3].instance, instance);
        CHECK_FALSE(shm::collector_lives(page.get(), *header, now));
    }
    std::strcpy(page->slots[3].instance, "one");
    CHECK(shm::any_collector_lives(*page, now));
    std::strcpy(header->instance, "other");
    CHECK_FALSE(shm::collector_lives(page.get(), *header, now));
    std::strcpy(header->instance, "one");
    CHECK(shm::collector_lives(page.get(), *header, now));

    page->slots[3].heartbeat_ns = now - 2'000'000'000;
    CHECK_FALSE(shm::collector_lives(page.get(), *header, now));
    header->consumer_slot = 3;
    header->consumer_attached = 1;
    CHECK_FALSE(shm::collector_lives(page.get(), *header, now));
    page->slots[3].heartbeat_ns = now;
    CHECK(shm::collector_lives(page.get(), *header, now));

    header->consumer_slot = 127;  // attached without a slot: it polls
    CHECK(shm::collector_lives(page.get(), *header, now));
    CHECK(shm::consumer_bell(page.get(), *header) == nullptr);
    header->consumer_slot = -2'000'000'000;
    CHECK(shm::consumer_bell(page.get(), *header) == nullptr);
}

TEST_CASE("a bell is taken by one ringer") {
    shm::BellSlot slot{};
    shm::ring(slot);
    CHECK(slot.waiting == 0);
    slot.waiting = 1;
    CHECK(shm::is_asleep(slot));
    CHECK(shm::is_waiting(slot));
    shm::ring(slot);
    CHECK_FALSE(shm::is_waiting(slot));
    slot.waiting = shm::kResting;
    CHECK_FALSE(shm::is_asleep(slot));
    CHECK(shm::is_waiting(slot));
    shm::ring(slot);
    CHECK_FALSE(shm::is_waiting(slot));
}

TEST_CASE("whoever publishes into a quiet ring sets the bit of its group, and no other") {
    auto page = std::make_unique<shm::BellPage>();
    auto header = std::make_unique<shm::RingHeader>();
    for (const std::uint32_t slot : {0u, 126u}) {
        for (std::uint32_t group = 0; group < shm::kNewsGroups; ++group) {
            header->consumer_slot = shm::quiet_word(static_cast<std::int32_t>(slot), group);
            shm::BellSlot* bell = shm::bell_to_answer(page.get(), *header);
            REQUIRE(bell == &page->slots[slot]);
            shm::tell_news(*bell, *header);
            for (std::uint32_t i = 0; i < shm::kNewsGroups / 64; ++i)
                CHECK(bell->news[i] == (i == group / 64 ? std::uint64_t{1} << group % 64 : 0));
            bell->news[group / 64] = 0;
        }
    }
    CHECK(shm::bell_to_answer(nullptr, *header) == nullptr);
}

TEST_CASE("a ring that is looked at, or that nobody consumes, has nothing to tell") {
    auto page = std::make_unique<shm::BellPage>();
    auto header = std::make_unique<shm::RingHeader>();
    for (const std::int32_t word : {0, 5, 126, 127, 1000, -1, -2'000'000'000,
                                    shm::quiet_word(127, 3), shm::quiet_word(255, 0)}) {
        header->consumer_slot = word;
        CHECK(shm::bell_to_answer(page.get(), *header) == nullptr);
    }
    header->consumer_slot = 5;
    shm::tell_news(page->slots[5], *header);
    for (const std::uint64_t news : page->slots[5].news)
        CHECK(news == 0);
    // A wild group stays within the slot.
    header->consumer_slot = 0x7fffff05;
    shm::tell_news(page->slots[5], *header);
    header->consumer_slot = 5;
    page->slots[5].waiting = shm::kAsleep;
    CHECK(shm::bell_to_answer(page.get(), *header) == &page->slots[5]);
}

TEST_CASE("untracked programs are counted for the instance that they named") {
    const auto page = std::make_unique<shm::BellPage>();
    shm::count_untracked_by_name(*page, "one");
    shm::count_untracked_by_name(*page, "");
    shm::count_untracked_by_name(*page, "one");
    page->untracked_space = 3;
    page->untracked_images = 2;  // two more by programs that know no names
    CHECK(shm::untracked_by_name(*page, "one") == 2);
    CHECK(shm::untracked_by_name(*page, "") == 1);
    CHECK(shm::untracked_by_name(*page, "two") == 0);
    CHECK(shm::untracked_without_name(*page) == 2);
}

TEST_CASE("where no counter is free, an untracked program is one of no known instance") {
    const auto page = std::make_unique<shm::BellPage>();
    for (int i = 0; i < 20; ++i) {
        shm::count_untracked_by_name(*page, ("instance-" + std::to_string(i)).c_str());
        ++page->untracked_space;
    }
    CHECK(shm::untracked_by_name(*page, "instance-12") == 1);
    CHECK(shm::untracked_by_name(*page, "instance-13") == 0);
    CHECK(shm::untracked_without_name(*page) == 7);
    page->untracked_space = 0;  // its user's word
    CHECK(shm::untracked_without_name(*page) == 0);
}
