// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/smi_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "viewers/cli/figures.hpp"
#include "viewers/cli/frame.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

constexpr const char* kUnknown = "N/A";
constexpr std::size_t kNarrowest = 60;
constexpr std::size_t kExitedShown = 8;

// The columns that take what is left of the width.
constexpr std::size_t kNameColumn = 1;
constexpr std::size_t kPoolColumn = 1;
constexpr std::size_t kProgramColumn = 3;
constexpr double kFull = 0.9;
constexpr double kNearlyFull = 0.7;

class Smi {
public:
    Smi(const model::Snapshot& snapshot, const SmiLook& look, const Terminal& terminal)
        : snapshot_(snapshot),
          look_(look),
          terminal_(terminal),
          frame_(std::max(look.width, kNarrowest), terminal.ascii()),
          figures_(look.units, terminal.ascii()) {}

    std::string text() {
        if (look_.header) {
            title();
        }
        devices();
        pools();
        running();
        exited();
        status();
        return frame_.render(terminal_);
    }

private:
    void title();
    void devices();
    void memory_row(Grid& grid, const model::Device& device, const model::Memory& memory,
                    bool first);
    void pools();
    void running();
    void exited();
    void status();

    void add(Grid grid, std::size_t filler) {
        if (!grid.empty()) {
            frame_.rule();
            grid.fill_with(filler);
            frame_.lines(grid.lines(frame_.inner_width(), terminal_.ascii(), look_.header));
        }
    }
    std::size_t bar_columns() const { return look_.width >= 100 ? 20 : 10; }

    const model::Snapshot& snapshot_;
    const SmiLook& look_;
    const Terminal& terminal_;
    Frame frame_;
    Figures figures_;
};

std::string or_unknown(const std::optional<std::string>& text) {
    return text ? model::printable(*text) : kUnknown;
}

std::string pid_text(const model::Process& process) {
    return process.pid ? std::to_string(*process.pid) : kUnknown;
}

std::string user_text(const model::Process& process) {
    return process.user ? model::printable(*process.user) : std::to_string(process.uid);
}

void Smi::title() {
    std::string time = model::format_iso_time(snapshot_.time_unix_ns).substr(0, 19);
    time[10] = ' ';
    frame_.line(spread({{"Tidemark ", Style::kBold}, {TIDEMARK_PROJECT_VERSION, Style::kBold}},
                       {{"instance ", Style::kDim},
                        {model::printable(snapshot_.collector.instance), Style::kPlain},
                        {"   " + time, Style::kDim}},
                       frame_.inner_width()));
}

Style fullness(double share) {
    return share >= kFull ? Style::kBad : share >= kNearlyFull ? Style::kWarning : Style::kGood;
}

void Smi::memory_row(Grid& grid, const model::Device& device, const model::Memory& memory,
                     bool first) {
    const bool exact = std::all_of(
        device.pools.begin(), device.pools.end(),
        [&](const model::PoolUsage& pool) { return pool.memory != memory.memory || pool.exact; });
    std::string percent = kUnknown;
    std::string drawn;
    Style style = Style::kPlain;
    if (memory.capacity && *memory.capacity != 0) {
        const double share =
            static_cast<double>(memory.allocated) / static_cast<double>(*memory.capacity);
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.1f %%", share * 100);
        percent = text.data();
        drawn = bar(share, bar_columns(), terminal_.ascii());
        style = fullness(share);
    }
    grid.row({{first ? model::device_word(device.device) : "", Style::kAccent},
              {first ? or_unknown(device.name) : ""},
              {model::memory_word(memory.memory)},
              {figures_.memory(memory.allocated, exact), Style::kBold},
              {memory.capacity ? figures_.bytes(*memory.capacity) : kUnknown},
              {drawn, style},
              {percent, style}});
}

void Smi::devices() {
    Grid grid({{"Dev"},
               {"Name", Align::kLeft, 6},
               {"Memory"},
               {"Used", Align::kRight},
               {"Total", Align::kRight},
               {"", Align::kLeft, 0, 1},
               {"Full", Align::kRight}});
    for (const model::Device& device : snapshot_.devices) {
        for (const model::Memory& memory : device.memories) {
            memory_row(grid, device, memory, &memory == device.memories.data());
        }
        if (device.memories.empty()) {
            grid.row({{model::device_word(device.device), Style::kAccent},
                      {or_unknown(device.name)},
                      {kUnknown},
                      {kUnknown},
                      {kUnknown},
                      {""},
                      {kUnknown}});
        }
    }
    if (grid.empty()) {
        frame_.rule();
        frame_.line({{"no device has been seen yet", Style::kDim}});
    }
    add(grid, kNameColumn);
}

void Smi::pools() {
    Grid grid({{"Dev"},
               {"Pool", Align::kLeft, 13},
               {"Allocated", Align::kRight},
               {"Peak", Align::kRight},
               {"Live", Align::kRight},
               {"Allocations", Align::kRight, 0, 1},
               {"Frees", Align::kRight, 0, 2},
               {"Total allocated", Align::kRight, 0, 3}});
    for (const model::Device& device : snapshot_.devices) {
        for (const model::PoolUsage& pool : device.pools) {
            grid.row({{&pool == device.pools.data() ? model::device_word(device.device) : "",
                       Style::kAccent},
                      {model::printable(pool.pool_name)},
                      {figures_.current(pool), Style::kBold},
                      {figures_.peak(pool)},
                      {figures_.live(pool)},
                      {figures_.allocations(pool)},
                      {figures_.frees(pool)},
                      {figures_.total_allocated(pool)}});
        }
    }
    add(grid, kPoolColumn);
}

// Rows of processes are ordered as a person looks for them: by device, then by process.
void Smi::running() {
    Grid grid({{"Dev"},
               {"PID", Align::kRight},
               {"User", Align::kLeft, 5, 2},
               {"Program", Align::kLeft, 8},
               {"Pool", Align::kLeft, 13},
               {"Allocated", Align::kRight},
               {"Peak", Align::kRight, 0, 3},
               {"Live", Align::kRight, 0, 4}});
    bool any = false;
    for (const model::Device& device : snapshot_.devices) {
        bool used = false;
        for (const model::Process& process : snapshot_.processes) {
            bool first = true;
            for (const model::PoolUsage& usage : process.usage) {
                if (process.exited || usage.device != device.device) {
                    continue;
                }
                grid.row({{used ? "" : model::device_word(device.device), Style::kAccent},
                          {first ? pid_text(process) : ""},
                          {first ? user_text(process) : ""},
                          {first ? or_unknown(process.name) : ""},
                          {model::printable(usage.pool_name)},
                          {figures_.current(usage), Style::kBold},
                          {figures_.peak(usage)},
                          {figures_.live(usage)}});
                first = false;
                used = any = true;
            }
        }
        if (!used) {
            grid.row({{model::device_word(device.device), Style::kAccent},
                      {""},
                      {""},
                      {"not in use", Style::kDim},
                      {""},
                      {""},
                      {""},
                      {""}});
        }
    }
    if (any) {
        add(grid, kProgramColumn);
    } else {
        frame_.rule();
        frame_.line({{"no program that runs now is tracked; `tidemark run -- CMD` tracks one",
                      Style::kDim}});
    }
}

void Smi::exited() {
    Grid grid({{"Dev"},
               {"PID", Align::kRight},
               {"User", Align::kLeft, 5, 2},
               {"Exited program", Align::kLeft, 8},
               {"Pool", Align::kLeft, 13},
               {"Left", Align::kRight},
               {"Peak", Align::kRight, 0, 3},
               {"Buffers", Align::kRight, 0, 4}});
    std::vector<std::pair<const model::Process*, const model::PoolUsage*>> rows;
    for (const model::Process& process : snapshot_.processes) {
        for (const model::PoolUsage& usage : process.usage) {
            if (process.exited) {
                rows.emplace_back(&process, &usage);
            }
        }
    }
    // The last to end first; they are gone soonest.
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
        return a.first->exit_unix_ns > b.first->exit_unix_ns;
    });
    for (std::size_t i = 0; i < std::min(rows.size(), kExitedShown); ++i) {
        const auto& [process, usage] = rows[i];
        grid.row({{model::device_word(usage->device), Style::kDim},
                  {pid_text(*process), Style::kDim},
                  {user_text(*process), Style::kDim},
                  {or_unknown(process->name), Style::kDim},
                  {model::printable(usage->pool_name), Style::kDim},
                  {figures_.current(*usage), Style::kDim},
                  {figures_.peak(*usage), Style::kDim},
                  {figures_.live(*usage), Style::kDim}});
    }
    add(grid, kProgramColumn);
    if (rows.size() > kExitedShown) {
        frame_.line({{"and " + figures_.count(rows.size() - kExitedShown) +
                          " more that exited; `tidemark leaks` lists them",
                      Style::kDim}});
    }
}

void Smi::status() {
    frame_.rule();
    for (const StatusLine& status : status_lines(snapshot_, figures_, terminal_.ascii())) {
        for (const std::string& text : wrapped(status.text, frame_.inner_width())) {
            frame_.line({{text, status.style}});
        }
    }
    for (const std::string& note : figures_.footnotes()) {
        frame_.line({{note, Style::kDim}});
    }
}

}  // namespace

std::string smi_text(const model::Snapshot& snapshot, const SmiLook& look,
                     const Terminal& terminal) {
    return Smi(snapshot, look, terminal).text();
}

}  // namespace tidemark::cli
