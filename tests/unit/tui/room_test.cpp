// SPDX-License-Identifier: Apache-2.0
//
// What has no room is left out or cut with a mark: no figure is cut so that it reads as another one.
#include <algorithm>
#include <sstream>

#include "unit/tui/golden.hpp"
#include "unit/tui/tui_world.hpp"
#include "viewers/tui/grid.hpp"
#include "viewers/tui/render.hpp"
#include "viewers/tui/widgets.hpp"

using namespace tidemark;
using test::state_of;

namespace {

std::vector<std::string> rows_of(const std::string& text) {
    std::istringstream lines(text);
    std::vector<std::string> rows;
    for (std::string row; std::getline(lines, row);)
        rows.push_back(row);
    return rows;
}

std::string row_with(const std::string& text, const std::string& part) {
    for (const std::string& row : rows_of(text)) {
        if (row.find(part) != std::string::npos) return row;
    }
    return {};
}

// Words of a row that are whole.
std::vector<std::string> whole_words(const std::string& row) {
    std::istringstream stream(row);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        if (word.find("…") == std::string::npos) words.push_back(word);
    }
    return words;
}

}  // namespace

TEST_CASE("a grid cuts text, then leaves columns out, and never cuts a figure") {
    tui::Grid grid({{"A", 6, true, 3}, {"B", 4}, {"C", 4, false, 0, 1}}, false);
    grid.add({{"abcdef"}, {"123456"}, {"7"}});
    const auto text = [&](std::size_t columns) {
        std::string all;
        const auto lines = grid.lines(columns);
        for (const tui::Span& span : lines[0])
            all += span.text;
        return all;
    };
    CHECK(text(19) == " abcdef 123456    7");
    CHECK(text(17) == " abc… 123456    7");
    CHECK(text(15) == " abcdef 123456");
    CHECK(text(11) == " ab… 123456");
    CHECK(text(5) == " ab… 123456");
}

TEST_CASE("a line that is too long ends with a mark, also where a part of it just fits") {
    const auto text = [](std::size_t columns, bool ascii) {
        std::string all;
        for (const tui::Span& span : tui::cut({{"12"}, {"345"}, {"67"}}, columns, ascii))
            all += span.text;
        return all;
    };
    CHECK(text(7, false) == "1234567");
    CHECK(text(6, false) == "12345…");
    CHECK(text(5, false) == "1234…");
    CHECK(text(3, false) == "12…");
    CHECK(text(5, true) == "12...");
}

TEST_CASE("ids of buffers stand whole beside each other at 120 columns") {
    const tui::World world = test::open_world();
    const tui::State state = test::open_state(120, 60);
    const std::string text = tui::render(world, state).text();
    const auto words = whole_words(row_with(text, "0x5593822c12a0"));
    CHECK(std::count(words.begin(), words.end(), "0x5593822c12a0") == 2);
    CHECK(text.find("records them") != std::string::npos);
}

TEST_CASE("the note of more lines has a line of its own, and the last line can be reached") {
    const tui::World world = test::open_world();
    tui::State state = test::open_state(120, 24);
    const auto note = rows_of(tui::render(world, state).text())[22];
    const std::size_t last = tui::last_line(world, state);
    CHECK(note == " " + std::to_string(last) + " more lines");
    state.detail_line = last;
    const std::string end = tui::render(world, state).text();
    CHECK(end.find("more line") == std::string::npos);
    CHECK(end.find("0x5593822cac39") != std::string::npos);  // the tenth buffer
}

TEST_CASE("suspects lose columns in a narrow window, and keep their figures") {
    const tui::World world = test::leaking_world();
    tui::State state = state_of(120, 24);
    state.view = tui::View::kLeaks;
    const std::string wide = tui::render(world, state).text();
    for (const char* part : {"PID", "31337", "from 100"}) {
        const auto known = whole_words(row_with(wide, part));
        for (std::size_t columns = 60; columns < 120; ++columns) {
            state.size.columns = columns;
            const std::string row = row_with(tui::render(world, state).text(), part);
            REQUIRE_FALSE(row.empty());
            for (const std::string& word : whole_words(row)) {
                if (word.starts_with("▁")) continue;  // a graph
                CHECK_MESSAGE(std::count(known.begin(), known.end(), word) > 0,
                              columns << ": " << row);
            }
        }
    }
    state.size.columns = 60;
    CHECK(tui::render(world, state).text().find("+2,777") != std::string::npos);
    CHECK(tui::render(world, state).text().find("a minute of history") == std::string::npos);
}

TEST_CASE("that a minute of history is needed is said only where it is missing") {
    tui::World world = test::busy_world();
    tui::State state = state_of(80, 24);
    state.view = tui::View::kLeaks;
    CHECK(tui::render(world, state).text().find("reading the history") != std::string::npos);
    state.paused = true;
    CHECK(tui::render(world, state).text().find("not read while paused") != std::string::npos);
    world.growth.emplace();
    CHECK(tui::render(world, state).text().find(" none; a minute of history") != std::string::npos);
    world.growth->is_judged = true;
    CHECK(tui::render(world, state).text().find(" none\n") != std::string::npos);
}
