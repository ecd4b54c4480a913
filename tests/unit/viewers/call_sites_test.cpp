// SPDX-License-Identifier: Apache-2.0
//
// Call sites in the viewers: suppressions in LeakSanitizer's format, the spelling of frames, grouping.
#include <doctest/doctest.h>

#include <fstream>

#include "unit/viewers/tool.hpp"
#include "viewers/cli/call_site_view.hpp"
#include "viewers/cli/run_result.hpp"
#include "viewers/symbols/suppressions.hpp"
#include "viewers/symbols/symbols.hpp"

using namespace tidemark;
using symbols::matches_pattern;
using symbols::Suppressions;

namespace {

model::CallStack stack_of(std::vector<model::CallFrame> frames) {
    model::CallStack stack;
    stack.frames = std::move(frames);
    stack.named = true;
    return stack;
}

// Three leaks: two of one site, one of another; a fourth without.
model::BufferList four_leaks() {
    model::BufferList list;
    list.pools = {"DRAM"};
    list.stacks = {stack_of({{"leak_one", "/src/one.c", 7, "/bin/app", 0x10}}),
                   stack_of({{"leak_two", "", 0, "/lib/libtwo.so.1", 0x20}})};
    std::uint64_t size = 1;
    for (const std::uint32_t stack : {1u, 1u, 2u, 0u}) {
        model::Buffer leak;
        leak.image = 9;
        leak.pid = 40;
        leak.size = size *= 10;
        leak.stack = stack;
        list.buffers.push_back(leak);
    }
    return list;
}

std::string parse_error(const std::string& text) {
    std::string error;
    CHECK_FALSE(Suppressions::parse(text, "known.txt", error).has_value());
    return error;
}

}  // namespace

TEST_CASE("a pattern is found anywhere unless it is tied to an end") {
    struct Row {
        const char* pattern;
        const char* text;
        bool matches;
    };
    const Row rows[] = {{"leak", "my_leak_here", true},
                        {"leak", "lea", false},
                        {"^leak", "leak_here", true},
                        {"^leak", "my_leak", false},
                        {"leak$", "my_leak", true},
                        {"leak$", "leak_here", false},
                        {"leak$", "leak_leak", true},
                        {"^leak$", "leak", true},
                        {"^leak$", "leak_leak", false},
                        {"a*c", "xabbbcx", true},
                        {"a*c", "ca", false},
                        {"^a*c$", "abac", true},
                        {"^a*c$", "abacd", false},
                        {"^a*b*c$", "a1b2c", true},
                        {"^a*b*c$", "a1c2b", false},
                        {"*", "anything", true},
                        {"^*$", "anything", true},
                        {"a*", "a", true},
                        {"^*x", "yx", true},
                        {"aa*aa$", "aaa", false},
                        {"libtwo.so", "/lib/libtwo.so.1", true},
                        {"x", "", false}};
    for (const Row& row : rows) {
        CAPTURE(row.pattern);
        CAPTURE(row.text);
        CHECK(matches_pattern(row.pattern, row.text) == row.matches);
    }
}

TEST_CASE("a suppressions file holds patterns, comments and nothing else") {
    std::string error;
    const auto known = Suppressions::parse("# known\n\n  leak:leak_one  \r\nleak:^/lib/*.so.1$",
                                           "known.txt", error);
    REQUIRE(known);
    const auto list = four_leaks();
    CHECK(known->suppresses(list.stacks[0]));
    CHECK(known->suppresses(list.stacks[1]));
    CHECK_FALSE(known->suppresses(stack_of({{"other", "o.c", 1, "/bin/app", 1}})));
    CHECK(parse_error("leak:a\nrace:b\n") ==
          "cannot use suppressions of known.txt, line 2: 'race:b' is not leak:PATTERN");
    CHECK(parse_error("leak:") ==
          "cannot use suppressions of known.txt, line 1: 'leak:' is not leak:PATTERN");
    CHECK_FALSE(Suppressions::read("/nonexistent/known.txt", error).has_value());
    CHECK(error ==
          "cannot read suppressions from /nonexistent/known.txt: No such file or directory");
}

TEST_CASE("files and modules match as functions do") {
    std::string error;
    for (const char* pattern : {"leak:one.c", "leak:leak_one", "leak:/bin/app"}) {
        const auto known = Suppressions::parse(pattern, "k", error);
        REQUIRE(known);
        auto list = four_leaks();
        const symbols::Suppressed gone = suppress(*known, list);
        CHECK(gone.count == 2);
        CHECK(gone.bytes == 110);
        CHECK(gone.sites == 1);
        CHECK(list.buffers.size() == 2);
        REQUIRE(gone.pools.size() == 1);
        CHECK(gone.pools[0].count == 2);
        CHECK(gone.pools[0].pool_name == "DRAM");
    }
}

TEST_CASE("what is suppressed counts for no limit") {
    std::string error;
    auto list = four_leaks();
    const auto gone = suppress(*Suppressions::parse("leak:leak_", "k", error), list);
    CHECK(gone.count == 3);
    CHECK(gone.sites == 2);
    std::vector<cli::PoolResult> pools(1);
    pools[0].usage.pool_name = "DRAM";
    pools[0].left = 11110;
    pools[0].left_live = 4;
    pools[0].limited = true;
    cli::Limits limits;
    limits.leak = 10000;
    CHECK(cli::exceeded(pools, limits).size() == 1);
    cli::leave_out(gone, pools);
    CHECK(pools[0].left == 10000);
    CHECK(pools[0].left_live == 1);
    CHECK(cli::exceeded(pools, limits).empty());
}

TEST_CASE("a frame can be read back as it is written") {
    const model::CallFrame frames[] = {
        {"leak_here", "/src/app.c", 12, "/usr/bin/app", 0x1139},
        {"ns::f(int, char (*)(int)) const", "/src/a b.cc", 3, "/opt/a (b)/x", 1},
        {"main", "", 0, "/usr/bin/app", 5},
        {"", "", 0, "/lib/libc.so.6", 0x29d90},
        {"", "", 0, "", 0x7f0000001234}};
    for (const model::CallFrame& frame : frames) {
        const std::string text = model::frame_text(frame);
        CAPTURE(text);
        const model::CallFrame read = model::parse_frame(text);
        CHECK(read.offset == frame.offset);
        CHECK(read.line == frame.line);
        CHECK(read.function == frame.function);
        CHECK(read.file == frame.file);
        CHECK(read.module == frame.module);
    }
    CHECK(model::frame_text(frames[0]) == "leak_here at /src/app.c:12 (/usr/bin/app+0x1139)");
    CHECK(model::frame_text(frames[4]) == "0x7f0000001234");
}

TEST_CASE("a stack is told by the first frame of the program itself") {
    const auto stack = stack_of({{"operator new(unsigned long)", "", 0, "/lib/libstdc++.so.6", 1},
                                 {"std::vector<int>::push_back(int)", "v.h", 2, "/bin/app", 2},
                                 {"app::grow()", "app.cc", 3, "/bin/app", 2}});
    REQUIRE(model::telling_frame(stack) != nullptr);
    CHECK(model::short_text(*model::telling_frame(stack)) == "app::grow() app.cc:3");
    const auto library = stack_of({{"", "", 0, "/lib/libc.so.6", 0x99}});
    CHECK(model::short_text(*model::telling_frame(library)) == "libc.so.6+0x99");
    CHECK(model::telling_frame(stack_of({})) == nullptr);
}

TEST_CASE("leaks are grouped by what their stacks say, the most bytes first") {
    auto list = four_leaks();
    list.stacks.push_back(list.stacks[0]);  // of another process
    list.buffers[2].stack = 3;
    const auto sites = cli::call_sites_of(list);
    REQUIRE(sites.size() == 2);
    CHECK(sites[0].frames.empty());
    CHECK(sites[0].bytes == 10000);
    CHECK(sites[1].count == 3);
    CHECK(sites[1].bytes == 1110);
    CHECK(cli::call_sites_of(model::BufferList{}).empty());
}

TEST_CASE("a file that is not the one that was mapped gives no names") {
    const std::string self = "/proc/self/exe";
    model::CodeModule module;
    module.path = self;
    module.begin = 0x1000;
    module.end = 0x100000;
    module.inode = 1;
    for (const char* id : {"", "not its build id"}) {
        module.build_id = id;
        std::vector<model::CodeModule> modules{module};
        symbols::Symbols symbols(modules);
        model::CallStack stack;
        stack.callers = {{0x2345, 0}, {0x99, model::kNoModule}};
        symbols.name(stack);
        REQUIRE(stack.frames.size() == 2);
        CHECK(model::frame_text(stack.frames[0]) == self + "+0x1345");
        CHECK(model::frame_text(stack.frames[1]) == "0x99");
    }
}

TEST_CASE("leaks of a file are grouped and suppressed without a collector") {
    const std::string path = test::scratch_path("leaks.ndjson");
    std::ofstream(path)
        << R"x({"op":"leak","pid":3,"device":0,"pool":"DRAM","id":1,"size":100,"stack":["leak_one at one.c:7 (/bin/app+0x10)"]}
{"op":"leak","pid":3,"device":0,"pool":"DRAM","id":2,"size":50,"stack":["other (/bin/app+0x20)"]}
{"op":"leak","pid":3,"device":0,"pool":"DRAM","id":3,"size":5,"stack":null}
)x";
    const std::string known = test::scratch_path("known.txt");
    std::ofstream(known) << "leak:one.c$\n";
    auto told = test::run_tidemark({"leaks", path, "--by-site"});
    CHECK(told.status == 1);
    CHECK(told.out.find("leak_one at one.c:7") != std::string::npos);
    told = test::run_tidemark({"leaks", path, "--suppressions", known});
    CHECK(told.status == 1);
    CHECK(told.out.find("leak_one") == std::string::npos);
    CHECK(told.out.find("1 leak (100 B) of 1 call site is suppressed") != std::string::npos);
    std::ofstream(known) << "leak:one.c$\nleak:other\n";
    std::ofstream(path)
        << R"x({"op":"leak","pid":3,"device":0,"pool":"DRAM","id":1,"size":100,"stack":["other (/bin/app+0x20)"]})x"
        << '\n';
    CHECK(test::run_tidemark({"leaks", path, "--suppressions", known}).status == 0);
    std::ofstream(known) << "# fine\nwrong\n";
    told = test::run_tidemark({"leaks", path, "--suppressions", known});
    CHECK(told.status == 2);
    CHECK(told.err.find(known + ", line 2: 'wrong' is not leak:PATTERN") != std::string::npos);
}
