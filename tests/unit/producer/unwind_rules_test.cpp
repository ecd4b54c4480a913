// SPDX-License-Identifier: Apache-2.0
//
// Rules for finding a caller: from this program's own unwind tables, from tables that lie, and where they are kept.
#include <doctest/doctest.h>
#include <link.h>

#include <memory>
#include <random>

#include "producer/modules.hpp"
#include "producer/unwind_rules.hpp"

using namespace tidemark;
using producer::UnwindRule;

namespace {

constexpr std::uint64_t kCode = 0x400000;  // return addresses of these tests, in no mapping

UnwindRule rule(std::int64_t size, std::int64_t saved = 0) { return {false, size, saved}; }

}  // namespace

#if defined(__x86_64__)

namespace {

// Where this program's own .eh_frame_hdr is.
int note_header(dl_phdr_info* info, size_t, void* header) {
    for (int i = 0; i < info->dlpi_phnum; ++i)
        if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
            *static_cast<std::uint64_t*>(header) = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    return 1;  // the program itself comes first
}

std::uint64_t own_header() {
    std::uint64_t header = 0;
    dl_iterate_phdr(note_header, &header);
    return header;
}

struct Returned {
    std::uint64_t address, after;  // the return address, and the stack pointer behind it
};

__attribute__((noinline)) Returned where_called_from() {
    const auto frame = reinterpret_cast<std::uint64_t*>(__builtin_frame_address(0));
    return {frame[1], reinterpret_cast<std::uint64_t>(frame + 2)};
}

struct Unwound {
    UnwindRule rule;
    std::uint64_t address;  // that the rule is for
    std::uint64_t found, caller;
};

__attribute__((noinline)) Unwound unwind_without_frame_pointer(std::uint64_t header);

#pragma GCC push_options
#pragma GCC optimize("omit-frame-pointer")
Unwound unwind_without_frame_pointer(std::uint64_t header) {
    const Returned seen = where_called_from();
    Unwound told{producer::find_rule(header, seen.address, producer::copy_own_memory), seen.address,
                 0, reinterpret_cast<std::uint64_t>(__builtin_return_address(0))};
    const std::uint64_t above = seen.after + told.rule.size();
    producer::copy_own_memory(above - 8, &told.found, sizeof told.found);
    return told;
}
#pragma GCC pop_options

}  // namespace

TEST_CASE("the rule of real code leads to its real caller") {
    const std::uint64_t header = own_header();
    REQUIRE(header != 0);
    const Unwound told = unwind_without_frame_pointer(header);
    REQUIRE(told.rule.known());
    // A sanitizer may give every function a frame pointer.
    if (!told.rule.by_frame_pointer()) CHECK(told.found == told.caller);
    CHECK_FALSE(producer::find_rule(header, 0x1000, producer::copy_own_memory).known());
    CHECK_FALSE(producer::find_rule(0x1000, told.address, producer::copy_own_memory).known());
}

namespace {

std::mt19937_64 lies(5);
std::uint64_t lied = 0;
// The true bytes, some of them changed.
bool lying_copy(std::uint64_t from, void* to, std::uint64_t bytes) {
    ++lied;
    if (!producer::copy_own_memory(from, to, bytes)) return false;
    for (std::uint64_t i = lies() % 3; i > 0; --i)
        static_cast<unsigned char*>(to)[lies() % bytes] = static_cast<unsigned char>(lies());
    return true;
}

}  // namespace

TEST_CASE("tables that lie give a wrong rule or none, within bounds") {
    const std::uint64_t header = own_header();
    const std::uint64_t address = unwind_without_frame_pointer(header).address;
    int known = 0;
    for (int round = 0; round < 20'000; ++round) {
        const UnwindRule found = producer::find_rule(header, address, lying_copy);
        if (!found.known()) continue;
        ++known;
        CHECK(found.size() > 0);
    }
    CHECK(known > 0);
    CHECK(lied < 20'000u * 40);
}

#endif

TEST_CASE("rules are found again as they were kept") {
    const auto rules = std::make_unique<producer::UnwindRules>();
    UnwindRule found;
    CHECK_FALSE(rules->find(kCode, found));
    rules->keep(kCode, rule(UnwindRule::kMost, -UnwindRule::kMost));
    REQUIRE(rules->find(kCode, found));
    CHECK(found.known());
    CHECK(found.size() == UnwindRule::kMost);
    CHECK(found.saved_below() == UnwindRule::kMost);
    CHECK(found.is_saved());
    CHECK_FALSE(found.by_frame_pointer());
    rules->keep(kCode + 8, {});
    REQUIRE(rules->find(kCode + 8, found));
    CHECK_FALSE(found.known());
    rules->keep(kCode + 16, UnwindRule(true, 16, -16));
    REQUIRE(rules->find(kCode + 16, found));
    CHECK(found.by_frame_pointer());
    CHECK(found.saved_below() == 16);
    for (std::uint64_t i = 0; i < 100'000; ++i)
        rules->keep(kCode + 64 + i, rule(8));  // more than there are places for
    REQUIRE(rules->find(kCode, found));
    CHECK(found.size() == UnwindRule::kMost);
}
