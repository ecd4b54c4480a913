// SPDX-License-Identifier: Apache-2.0
//
// Rows are sorted by what stands on the screen: of every column the order is that of its cells' text.
#include <cstdlib>
#include <sstream>

#include "unit/tui/golden.hpp"
#include "unit/tui/tui_world.hpp"
#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/views.hpp"

using namespace tidemark;
using model::Process;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// What makes the order of what is shown another one than that of what lies behind it.
void vary(std::vector<Process>& all) {
    const char* commands[] = {"/usr/bin/zebra -x", "/opt/z/aardvark", "middle --of it", "/a/b/c/Q"};
    for (std::size_t i = 0; i < all.size(); ++i) {
        Process& process = all[i];
        process.image = 100 + i * 37 % 11;
        process.pid = static_cast<std::int32_t>(5000 - 700 * (i * 5 % 7));
        process.command = commands[i % 4];
        process.uid = static_cast<std::uint32_t>(1000 + i);
        if (i % 3 == 0) process.user.reset();
        process.start_unix_ns = test::kStart + i * 7 * kSecond;
        process.events = i * i * 1000;
        process.exact = i != 2;
        process.usage.resize(std::min<std::size_t>(process.usage.size(), 1 + i % 3));
        for (model::PoolUsage& pool : process.usage)
            pool.current += i << 20;
    }
    all[1].exited = true;
    all[1].exit_unix_ns = *all[1].start_unix_ns + kSecond;  // old, but lived for a second
    all[1].ending = TIDEMARK_ENDING_CRASHED;
    all[1].ending_code = 11;
    all[3].quarantine = TIDEMARK_QUARANTINE_HEADER;
    all[4].exited = true;
    all[4].ending = TIDEMARK_ENDING_EXITED;
    all[5].lost.allocations[0] = 9;
    all[6].start_unix_ns.reset();
    all[7].usage.clear();
    all[2].parent_image = all[7].image;
    all[5].parent_image = all[0].image;
    all[6].parent_image = 4711;  // nobody's
}

tui::World varied_world() {
    tui::World world = test::busy_world();
    auto& all = world.snapshot.processes;
    while (all.size() < 9)
        all.push_back(all[all.size() % 3]);
    vary(all);
    world.trails = {};
    world.trails.sample(world.snapshot, 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (model::PoolUsage& pool : all[i].usage) {
            pool.total_allocated += i * 4096;
            pool.allocations += 20 - i;
        }
    }
    world.trails.sample(world.snapshot, 1);
    world.sums.clear();
    for (const Process& process : all)
        world.sums.push_back(tui::sums_of(process, world.trails));
    return world;
}

// The number that a cell says; devices one after another. What is unknown is below all.
std::vector<double> number_of(std::string text) {
    if (text == "N/A") return {-1e30};
    if (text == "-") return {0};  // no parent
    std::vector<double> numbers;
    std::erase(text, ',');
    for (const char* mark : {"~", "≤", "≥"}) {
        if (text.starts_with(mark)) text.erase(0, std::string(mark).size());
    }
    std::istringstream stream(text);
    double sum = 0, value = 0;
    for (std::string unit; stream >> value; sum += value) {
        stream >> unit;
        const std::string known = " KMG";
        if (unit == "min") value *= 60;
        if (unit.size() > 1 && unit[1] == 'B')
            for (std::size_t i = known.find(unit[0]); i > 0; --i)
                value *= 1024;
    }
    return {sum};
}

std::vector<double> devices_in(const std::string& text) {
    std::vector<double> devices;
    std::istringstream stream(text == "-" ? "" : text);
    for (std::string word; std::getline(stream, word, ',');)
        devices.push_back(word == "H" ? 1e9 : std::atof(word.c_str()));
    return devices;
}

std::string without_marks(std::string text) {
    for (const char* mark : {"† "}) {
        if (text.starts_with(mark)) text.erase(0, std::string(mark).size());
    }
    return text == "N/A" ? "" : text;
}

bool in_order(const std::string& before, const std::string& after, tui::Column column) {
    if (column == tui::Column::kDevices) return devices_in(before) <= devices_in(after);
    if (tui::info(column).is_text) return without_marks(before) <= without_marks(after);
    return number_of(before) <= number_of(after);
}

void check_order(const tui::World& world, tui::State& state, tui::Column column) {
    state.settings.columns = {column};
    state.settings.sort = column;
    for (const bool descending : {false, true}) {
        state.settings.descending = descending;
        const tui::ProcessRows rows = tui::process_rows(world, state);
        REQUIRE(rows.list.size() == 9);
        tui::Frame frame(world, state);
        std::string before = tui::row_cell(frame, rows.list[0], column).text;
        for (const tui::ProcessRow& row : rows.list) {
            const std::string text = tui::row_cell(frame, row, column).text;
            const bool fits =
                descending ? in_order(text, before, column) : in_order(before, text, column);
            CHECK_MESSAGE(fits, tui::info(column).title << ": '" << before << "' before '" << text
                                                        << "'" << (descending ? ", down" : ", up"));
            before = text;
        }
    }
}

}  // namespace

TEST_CASE("every column sorts by what it shows") {
    const tui::World world = varied_world();
    tui::State state = test::state_of(200, 60);
    state.shows_exited = true;
    for (const tui::ColumnInfo& one : tui::kColumnTable)
        check_order(world, state, one.column);
}

TEST_CASE("so it does since a mark") {
    tui::World world = varied_world();
    tui::State state = test::state_of(200, 60);
    state.shows_exited = true;
    state.mark = tui::mark_of(world);
    auto& all = world.snapshot.processes;
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (model::PoolUsage& pool : all[i].usage) {
            pool.current -= i % 2 == 0 ? i << 10 : 0;
            pool.peak += i << 12;
            pool.live += 3 * i;
        }
        all[i].events += 10 - i;
        tui::refresh(world.sums[i], all[i]);
    }
    for (const tui::ColumnInfo& one : tui::kColumnTable)
        check_order(world, state, one.column);
}
