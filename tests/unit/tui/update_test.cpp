// SPDX-License-Identifier: Apache-2.0
//
// What each key does to the state.
#include <signal.h>

#include "unit/tui/tui_world.hpp"
#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/render.hpp"

using namespace tidemark;
using tui::Effect;

namespace {

struct Bench {
    tui::World world = test::busy_world();
    tui::State state;

    Effect press(char32_t key) { return tui::update(state, key, world); }
    void type(const char* text) {
        for (; *text != '\0'; ++text)
            press(static_cast<char32_t>(*text));
    }
    std::string text() { return tui::render(world, state).text(); }
    std::vector<std::int32_t> pids() {
        std::vector<std::int32_t> found;
        const tui::ProcessRows rows = tui::process_rows(world, state);
        for (const tui::ProcessRow& row : rows.list)
            found.push_back(row.process->pid.value_or(0));
        return found;
    }
};

using Pids = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("digits and arrows sort, the same column again turns the order") {
    Bench bench;
    bench.state.size = {200, 60};
    CHECK(bench.pids() == Pids{900, 31337, 777});  // by DRAM
    CHECK(bench.press(U'1') == Effect::kSave);
    CHECK(bench.pids() == Pids{31337, 900, 777});
    bench.press(U'1');
    CHECK(bench.pids() == Pids{777, 900, 31337});
    bench.press(tui::kRight);
    CHECK(bench.state.settings.sort == tui::Column::kUser);
    CHECK(!bench.state.settings.descending);
}

TEST_CASE("digits and arrows count the columns that are on the screen") {
    Bench bench;  // 80 columns: no USER, no STATE
    bench.press(U'2');
    CHECK(bench.state.settings.sort == tui::Column::kDevices);
    CHECK(bench.text().find("DEV▲") != std::string::npos);
    bench.press(tui::kLeft);
    CHECK(bench.text().find("PID▼") != std::string::npos);
    bench.press(tui::kLeft);
    CHECK(bench.text().find("COMMAND▲") != std::string::npos);
    bench.press(U'9');  // there are eight
    CHECK(bench.state.settings.sort == tui::Column::kCommand);
}

TEST_CASE("what sorts is on the screen, and a saved choice that cannot be is not forgotten") {
    Bench bench;
    bench.state.settings.sort = tui::Column::kState;  // would have no room
    CHECK(bench.text().find("STATE▼") != std::string::npos);
    bench.state.settings.sort = tui::Column::kAge;  // not among the columns
    CHECK(bench.text().find("DRAM▼") != std::string::npos);
    CHECK(bench.pids() == Pids{900, 31337, 777});
    CHECK(bench.state.settings.sort == tui::Column::kAge);
    bench.press(tui::kRight);
    CHECK(bench.state.settings.sort == tui::Column::kL1);
}

TEST_CASE("a filter keeps what matches while it is typed, Esc clears it") {
    Bench bench;
    bench.type("/TRAIN");
    CHECK(bench.pids() == Pids{31337});
    bench.press(tui::kBackspace);
    bench.press(tui::kEnter);
    CHECK(bench.state.filter == "TRAI");
    CHECK_FALSE(bench.state.is_filter_edited);
    bench.press(tui::kEscape);
    CHECK(bench.pids().size() == 3);
}

TEST_CASE("a filter takes letters of any language, and neither control characters nor halves") {
    Bench bench;
    bench.world.snapshot.processes[0].command = "train --für 漢字";
    bench.press(U'/');
    for (const char32_t key :
         {U'f', U'ü', U'r', U' ', U'漢', char32_t{0x85}, char32_t{0xD800}, U'字'})
        bench.press(key);
    CHECK(bench.state.filter == "für 漢字");
    CHECK(bench.pids().size() == 1);
    CHECK(bench.text().find("filter: für 漢字_") != std::string::npos);
    bench.press(tui::kBackspace);
    CHECK(bench.state.filter == "für 漢");
    for (int i = 0; i < 100; ++i)
        bench.press(U'漢');
    CHECK(bench.state.filter.size() <= 64);
}

TEST_CASE("the header tells the interval as it is, and whose processes by name") {
    Bench bench;
    const auto tells = [&](std::uint64_t ms, const char* text) {
        bench.state.interval_ms = ms;
        CHECK(bench.text().find(text) != std::string::npos);
    };
    tells(5, "every 0.005 s");
    tells(250, "every 0.25 s");
    tells(200, "every 0.2 s");
    tells(5000, "every 5.0 s");
    bench.state.uid = 0;
    CHECK(bench.text().find("user someone") != std::string::npos);
    bench.state.uid = 4711;
    CHECK(bench.text().find("user 4711") != std::string::npos);
}

TEST_CASE("suspects are read as soon as they are looked at") {
    Bench bench;
    CHECK(bench.press(U'l') == Effect::kRead);
    CHECK(bench.state.view == tui::View::kLeaks);
}

TEST_CASE("a tree has children under parents, whose figures hold theirs") {
    Bench bench;
    bench.press(U't');
    CHECK(bench.pids() == Pids{900, 31337, 777});
    const tui::ProcessRows rows = tui::process_rows(bench.world, bench.state);
    CHECK(rows.list[2].depth == 1);
    CHECK(rows.list[1].has_children);
    CHECK(rows.list[1].is_sum);
    CHECK(*rows.list[1].sums->host.value == 70u << 20);  // the child ended
    CHECK(*rows.list[2].sums->host.value == 3072);
    bench.press(tui::kDown);
    bench.press(U' ');
    CHECK(bench.pids() == Pids{900, 31337});
}

TEST_CASE("sums of a tree hold what runs, also below what ended, and are those of the list") {
    Bench bench;
    bench.state.settings.tree = true;
    bench.state.shows_exited = true;
    auto& processes = bench.world.snapshot.processes;
    const auto with_image = [&](std::uint64_t image) -> model::Process& {
        for (model::Process& process : processes) {
            if (process.image == image) return process;
        }
        FAIL("no such process");
        return processes[0];
    };
    const auto dram = [&](std::uint64_t image) -> std::uint64_t {
        const tui::ProcessRows rows = tui::process_rows(bench.world, bench.state);
        for (const tui::ProcessRow& row : rows.list) {
            if (row.process->image == image) return *row.sums->dram.value;
        }
        return 0;
    };
    constexpr std::uint64_t kOne = 450u << 20, kOther = 11ull << 30;
    with_image(test::kServer).parent_image = test::kGone;  // trainer, gone, server
    CHECK(dram(test::kTrainer) == kOne + kOther);
    CHECK(dram(test::kGone) == 0);
    // The server was an image of a process that runs the trainer now.
    with_image(test::kServer).parent_image = 0;
    with_image(test::kServer).exited = true;
    with_image(test::kServer).ending = TIDEMARK_ENDING_EXECUTED;
    with_image(test::kTrainer).parent_image = test::kServer;
    CHECK(dram(test::kServer) == kOther);
    CHECK(dram(test::kTrainer) == kOne);
    CHECK(bench.text().find("† infer") != std::string::npos);
}

TEST_CASE("a circle of parents is no end of the world") {
    Bench bench;
    for (model::Process& process : bench.world.snapshot.processes)
        process.parent_image = test::kGone;
    bench.world.snapshot.processes[0].parent_image = test::kTrainer;
    bench.press(U't');
    CHECK_FALSE(bench.pids().empty());
}

TEST_CASE("the cursor follows its process when the order changes") {
    Bench bench;
    bench.press(tui::kDown);
    CHECK(bench.state.selected == test::kTrainer);
    bench.press(U'1');
    bench.press(tui::kEnter);
    CHECK(bench.state.opened == test::kTrainer);
    CHECK(bench.state.view == tui::View::kDetail);
    bench.press(tui::kEscape);
    CHECK(bench.state.view == tui::View::kProcesses);
}

TEST_CASE("a signal needs a choice and a yes, and goes to the process that was chosen") {
    Bench bench;
    bench.press(tui::kF9);
    CHECK(bench.state.overlay == tui::Overlay::kSignal);
    bench.press(tui::kEnter);
    CHECK(bench.state.overlay == tui::Overlay::kConfirm);
    CHECK(bench.press(U'n') == Effect::kNone);
    bench.press(tui::kF9);
    bench.press(tui::kEnter);
    bench.world.snapshot.processes.clear();  // meanwhile
    bench.world.sums.clear();
    CHECK(bench.press(U'y') == Effect::kSignal);
    CHECK(bench.state.target.pid == 900);
    CHECK(bench.state.target.start_ticks == 4711);
    CHECK(bench.state.target.signal == SIGTERM);
}

TEST_CASE("no signal is offered under --readonly, nor for what ended") {
    Bench bench;
    bench.state.readonly = true;
    bench.press(tui::kF9);
    CHECK(bench.state.overlay == tui::Overlay::kNone);
    CHECK(bench.state.message.find("--readonly") != std::string::npos);
    bench.state.readonly = false;
    bench.state.selected = test::kGone;
    bench.press(tui::kF9);
    CHECK(bench.state.overlay == tui::Overlay::kNone);
}

TEST_CASE("columns are chosen, moved and never all taken away") {
    Bench bench;
    bench.press(U'c');
    bench.press(tui::kDown);
    bench.press(U' ');
    CHECK(bench.state.settings.columns[1] == tui::Column::kState);
    bench.press(U'<');
    CHECK(bench.state.settings.columns[0] == tui::Column::kState);
    for (int i = 0; i < 30; ++i) {
        bench.state.overlay_line = 0;
        bench.press(U' ');
    }
    CHECK(bench.state.settings.columns.size() >= 1);
    CHECK(bench.press(tui::kEnter) == Effect::kSave);
}

TEST_CASE("Esc undoes a choice of columns") {
    Bench bench;
    const tui::Settings before = bench.state.settings;
    for (const char32_t leaves : {char32_t{tui::kEscape}, U'q'}) {
        bench.press(U'c');
        bench.press(U' ');
        bench.press(U'>');
        CHECK(bench.state.settings != before);
        CHECK(bench.press(leaves) == Effect::kNone);
        CHECK(bench.state.overlay == tui::Overlay::kNone);
        CHECK(bench.state.settings == before);
    }
}

TEST_CASE("help that is longer than the screen scrolls, any other key leaves it") {
    Bench bench;
    bench.state.size = {60, 12};
    bench.press(U'?');
    CHECK(bench.text().find("11 more lines") != std::string::npos);
    bench.press(tui::kDown);
    CHECK(bench.text().find("10 more lines") != std::string::npos);
    bench.press(tui::kPageDown);
    bench.press(tui::kPageDown);
    CHECK(bench.text().find("a bar is a pool's share") != std::string::npos);
    CHECK(bench.text().find("more line") == std::string::npos);
    bench.press(tui::kPageUp);
    bench.press(tui::kHome);
    CHECK(bench.text().find("up down") != std::string::npos);
    bench.press(U'?');
    CHECK(bench.state.overlay == tui::Overlay::kNone);
}

TEST_CASE("pause, interval, users, mark, quit") {
    Bench bench;
    bench.press(U'u');
    CHECK(bench.state.paused);
    CHECK(bench.press(U'u') == Effect::kRead);
    bench.press(U'+');
    CHECK(bench.state.interval_ms == 500);
    for (int i = 0; i < 20; ++i)
        bench.press(U'-');
    CHECK(bench.state.interval_ms == 10000);
    bench.press(U'o');
    bench.press(tui::kDown);
    bench.press(tui::kEnter);
    CHECK(bench.state.uid == 0u);
    bench.press(U'm');
    CHECK(bench.state.mark.has_value());
    bench.press(U'M');
    CHECK_FALSE(bench.state.mark.has_value());
    CHECK(bench.press(U'q') == Effect::kQuit);
}
