// SPDX-License-Identifier: Apache-2.0
//
// The layouts in the headers against golden/layout-1.0.txt, the second description of them. Programs in the field hold
// these offsets in their machine code: when this test fails, it is the header that must change back. A field is added
// at the end of its struct, with a higher minor version and a line in the text.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tidemark/account_abi.h"
#include "tidemark/stats_abi.h"

namespace {

struct Layout {
    std::size_t size = 0;
    std::vector<std::string>
        fields;  // "name offset bytes", with type and unit where the headers have them
};
using Layouts = std::map<std::string, Layout>;

std::string describe(const std::string& name, std::size_t offset, std::size_t bytes,
                     const std::string& type = {}, const std::string& unit = {}) {
    std::string text =
        name + " at " + std::to_string(offset) + ", " + std::to_string(bytes) + " bytes";
    return type.empty() ? text : text + ", " + type + ", unit \"" + unit + "\"";
}

bool is_table(const std::string& name) {
    return name != "header" && name != "directory" && name != "sample" &&
           !name.starts_with("account");
}

Layouts read_golden() {
    const std::map<std::string, std::size_t> sizes = {
        {"u64", 8}, {"u32", 4}, {"i32", 4}, {"text", 1}, {"u8", 1}, {"pool", 32}, {"entry", 32}};
    std::ifstream file(std::string(std::getenv("TIDEMARK_SOURCE_DIR")) +
                       "/tests/abi/golden/layout-1.0.txt");
    Layouts layouts;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string table, field, type, unit;
        std::size_t offset = 0, count = 0;
        if (!(words >> table >> field) || table == "#") {
            continue;
        }
        if (field == "(size)") {
            words >> layouts[table].size;
            continue;
        }
        words >> type >> offset >> count >> std::ws;
        std::getline(words, unit);
        const std::size_t bytes = count * sizes.at(type);
        layouts[table].fields.push_back(
            is_table(table) ? describe(field, offset, bytes, type, unit == "-" ? "" : unit)
                            : describe(field, offset, bytes));
    }
    return layouts;
}

// What the headers say: the tables by their field lists ...
void add_tables(Layouts& layouts) {
#define FIELD_F(type, name, unit, doc) \
    layout.fields.push_back(describe(#name, offsetof(Row, name), sizeof(Row::name), #type, unit));
#define FIELD_A(type, name, count, unit, doc) FIELD_F(type, name, unit, doc)
#define TIDEMARK_X(ID, table_name, capacity)     \
    {                                            \
        using Row = tidemark_##table_name##_row; \
        Layout& layout = layouts[#table_name];   \
        layout.size = sizeof(Row);               \
        TIDEMARK_FIELDS_##ID(FIELD_F, FIELD_A)   \
    }
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
}

// ... and the other structs, member by member.
#define M(Struct, member) describe(#member, offsetof(Struct, member), sizeof(Struct::member))

void add_stats_structs(Layouts& layouts) {
    using H = tidemark_stats_header;
    layouts["header"] = {sizeof(H),
                         {M(H, magic),
                          M(H, byte_order),
                          M(H, version_major),
                          M(H, version_minor),
                          M(H, header_size),
                          M(H, features_compatible),
                          M(H, features_incompatible),
                          M(H, segment_size),
                          M(H, generation),
                          M(H, directory_offset),
                          M(H, table_count),
                          M(H, reserved0),
                          M(H, schema_offset),
                          M(H, schema_size),
                          M(H, control_socket_offset),
                          M(H, collector_pid),
                          M(H, collector_uid),
                          M(H, created_unix_ns),
                          M(H, instance),
                          M(H, state),
                          M(H, reserved1),
                          M(H, heartbeat_count),
                          M(H, heartbeat_unix_ns),
                          M(H, heartbeat_monotonic_ns),
                          M(H, pass_begun),
                          M(H, pass_ended),
                          M(H, reserved2)}};
    using D = tidemark_stats_table;
    layouts["directory"] = {sizeof(D),
                            {M(D, table), M(D, row_size), M(D, payload_size), M(D, row_capacity),
                             M(D, rows_offset), M(D, rows_used), M(D, reserved), M(D, name)}};
    using S = tidemark_stats_sample;
    layouts["sample"] = {sizeof(S), {M(S, time), M(S, current), M(S, highest), M(S, time_guard)}};
}

void add_account_structs(Layouts& layouts) {
    using A = tidemark_account_header;
    layouts["account"] = {sizeof(A),
                          {M(A, magic),
                           M(A, byte_order),
                           M(A, version_major),
                           M(A, version_minor),
                           M(A, header_size),
                           M(A, features_compatible),
                           M(A, features_incompatible),
                           M(A, object_size),
                           M(A, image),
                           M(A, parent_image),
                           M(A, pid),
                           M(A, uid),
                           M(A, start_ticks),
                           M(A, start_unix_ns),
                           M(A, name),
                           M(A, command),
                           M(A, pools),
                           M(A, state),
                           M(A, directory_depth),
                           M(A, exit_unix_ns),
                           M(A, exit_ticks),
                           M(A, directory_sequence),
                           M(A, directory_offset),
                           M(A, pages_offset),
                           M(A, page_count),
                           M(A, reserved),
                           M(A, live),
                           M(A, stacks_offset),
                           M(A, stack_entries),
                           M(A, stack_frames),
                           M(A, modules_offset),
                           M(A, module_entries),
                           M(A, modules_used),
                           M(A, stacks_dropped)}};
    using N = tidemark_account_pool_name;
    layouts["account_pool"] = {sizeof(N), {M(N, memory), M(N, name), M(N, reserved)}};
    using E = tidemark_account_entry;
    layouts["account_entry"] = {sizeof(E),
                                {M(E, life), M(E, id), M(E, stamp), M(E, device), M(E, stack)}};
    using P = tidemark_account_page;
    layouts["account_page"] = {sizeof(P), {M(P, depth), M(P, reserved), M(P, entries)}};
}

}  // namespace

TEST_CASE("every field lies where version 1.0 put it, and new ones came with a version") {
    const Layouts golden = read_golden();
    Layouts layouts;
    add_tables(layouts);
    add_stats_structs(layouts);
    add_account_structs(layouts);
    REQUIRE(golden.size() == 15);
    CHECK(layouts.size() == golden.size());
    const unsigned minors[] = {TIDEMARK_STATS_MINOR, TIDEMARK_ACCOUNT_MINOR};
    for (const auto& entry : golden) {
        const std::string& name = entry.first;
        CAPTURE(name);
        const Layout& was = entry.second;
        const Layout& now = layouts[name];
        const bool newer = minors[name.starts_with("account")] > 0;
        const bool may_grow = is_table(name) || name == "account";
        CHECK((now.size == was.size || (newer && may_grow && now.size > was.size)));
        REQUIRE(now.fields.size() >= was.fields.size());
        CHECK((now.fields.size() == was.fields.size() || newer));
        for (std::size_t i = 0; i < was.fields.size(); ++i) {
            CHECK(now.fields[i] == was.fields[i]);
        }
    }
}

TEST_CASE("call sites lie where minor version 1 of accounts put them") {
    using A = tidemark_account_header;
    CHECK(sizeof(A) == 968);
    CHECK(offsetof(A, stacks_offset) == TIDEMARK_ACCOUNT_HEADER_SIZE_1_0);
    CHECK(offsetof(A, stack_entries) == 936);
    CHECK(offsetof(A, stack_frames) == 940);
    CHECK(offsetof(A, modules_offset) == 944);
    CHECK(offsetof(A, module_entries) == 952);
    CHECK(offsetof(A, modules_used) == 956);
    CHECK(offsetof(A, stacks_dropped) == 960);
    using M = tidemark_account_module;
    CHECK(sizeof(M) == 512);
    CHECK(offsetof(M, end) == 8);
    CHECK(offsetof(M, file_offset) == 16);
    CHECK(offsetof(M, inode) == 24);
    CHECK(offsetof(M, device_major) == 32);
    CHECK(offsetof(M, device_minor) == 36);
    CHECK(offsetof(M, build_id_size) == 40);
    CHECK(offsetof(M, build_id) == 48);
    CHECK(offsetof(M, path) == 80);
    CHECK(TIDEMARK_ACCOUNT_MAX_FRAMES == 32);
}

TEST_CASE("numbers that are stored never change their meaning") {
    struct Number {
        long long is, was;
    };
    const Number numbers[] = {
        {TIDEMARK_DEVICE_HOST, 65535},
        {TIDEMARK_MEMORY_DRAM, 0},
        {TIDEMARK_MEMORY_L1, 1},
        {TIDEMARK_MEMORY_HOST, 2},
        {TIDEMARK_POOL_DRAM, 0},
        {TIDEMARK_POOL_L1, 1},
        {TIDEMARK_POOL_SYSTEM_MEMORY, 2},
        {TIDEMARK_POOL_L1_SMALL, 3},
        {TIDEMARK_POOL_TRACE, 4},
        {TIDEMARK_POOL_CB, 5},
        {TIDEMARK_POOL_KERNEL, 6},
        {TIDEMARK_POOL_FIRST_NAMED, 7},
        {TIDEMARK_POOL_LAST_NAMED, 14},
        {TIDEMARK_POOL_ANY, 15},
        {TIDEMARK_LOSS_FULL, 0},
        {TIDEMARK_LOSS_NO_COLLECTOR, 1},
        {TIDEMARK_LOSS_NO_LANE, 2},
        {TIDEMARK_LOSS_HANDLER, 3},
        {TIDEMARK_LOSS_NO_SPACE, 4},
        {TIDEMARK_LOSS_BUDGET, 5},
        {TIDEMARK_LOSS_SANDBOX, 6},
        {TIDEMARK_LOSS_CORRUPT, 7},
        {TIDEMARK_ORIGIN_PROGRAM, 0},
        {TIDEMARK_ORIGIN_SOCKET, 1},
        {TIDEMARK_ORIGIN_REGION, 2},
        {TIDEMARK_ENDING_UNKNOWN, 0},
        {TIDEMARK_ENDING_EXITED, 1},
        {TIDEMARK_ENDING_EXECUTED, 2},
        {TIDEMARK_ENDING_KILLED, 3},
        {TIDEMARK_ENDING_CRASHED, 4},
        {TIDEMARK_REGION_CHIP, 0},
        {TIDEMARK_REGION_PROCESS, 1},
        {TIDEMARK_TABLE_REGION, 7},
        {TIDEMARK_LOSS_CAUSE_COUNT, 8},
        {TIDEMARK_TABLE_COLLECTOR, 0},
        {TIDEMARK_TABLE_DEVICE, 1},
        {TIDEMARK_TABLE_MEMORY, 2},
        {TIDEMARK_TABLE_USAGE, 3},
        {TIDEMARK_TABLE_PROCESS, 4},
        {TIDEMARK_TABLE_PROCESS_USAGE, 5},
        {TIDEMARK_TABLE_HISTORY, 6},
        {TIDEMARK_COLLECTOR_RUNNING, 1},
        {TIDEMARK_COLLECTOR_STOPPED, 2},
        {TIDEMARK_COLLECTOR_SUPERSEDED, 3},
        {TIDEMARK_DEVICE_KIND_ACCELERATOR, 0},
        {TIDEMARK_DEVICE_KIND_HOST, 1},
        {TIDEMARK_PROCESS_RUNNING, 1},
        {TIDEMARK_PROCESS_EXITED, 2},
        {TIDEMARK_QUARANTINE_NO_MEMORY, 6},
        {TIDEMARK_ACCOUNT_LIVE, 1},
        {TIDEMARK_ACCOUNT_EXITED, 2},
        {TIDEMARK_STATS_ROW_PREFIX, 16},
        {TIDEMARK_ACCOUNT_PAGE_SIZE, 8192},
        {TIDEMARK_HISTORY_FINE_COUNT, 600},
        {TIDEMARK_HISTORY_COARSE_COUNT, 900},
        {TIDEMARK_STATS_MAJOR, 1},
        {TIDEMARK_ACCOUNT_MAJOR, 1},
        {TIDEMARK_LIFE_POOL_SHIFT, 48},
        {TIDEMARK_LIFE_STAMP_SHIFT, 53},
    };
    for (const Number& number : numbers) {
        CHECK(number.is == number.was);
    }
    CHECK(TIDEMARK_STATS_MAGIC == 0x4B52414D45444954ull);
    CHECK(TIDEMARK_ACCOUNT_MAGIC == 0x544E554F43434154ull);
}
