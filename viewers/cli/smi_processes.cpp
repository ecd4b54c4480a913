// SPDX-License-Identifier: Apache-2.0
//
// Who uses the devices: of accelerators a line a process with its pools side by side, of the host a line a process and
// pool. Ordered as a person looks for them: by device, then by process.
#include <algorithm>

#include "viewers/cli/smi_page.hpp"
#include "viewers/model/breakdown.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

constexpr std::size_t kProgramColumn = 3;
constexpr std::size_t kExitedShown = 8;

std::string pid_text(const model::Process& process) {
    return process.pid ? std::to_string(*process.pid) : kUnknown;
}

std::string user_text(const model::Process& process) {
    return process.user ? model::printable(*process.user) : std::to_string(process.uid);
}

bool uses(const model::Process& process, std::uint32_t device) {
    return !process.exited &&
           std::any_of(process.usage.begin(), process.usage.end(),
                       [device](const model::PoolUsage& usage) { return usage.device == device; });
}

bool is_accelerator(const model::Device& device) { return device.device != TIDEMARK_DEVICE_HOST; }

// A device that nobody uses, unless those who do may be hidden; further cells stay empty.
void add_unused(const SmiPage& page, Grid& grid, const model::Device& device, std::size_t columns) {
    if (!page.snapshot.all_processes) {
        return;
    }
    Line row(columns);
    row[0] = {model::device_word(device.device), Style::kAccent};
    row[kProgramColumn] = {"not in use", Style::kDim};
    grid.row(std::move(row));
}

// What the column of the pools that have none of their own is called: their name, if they are all of one; empty if
// there are none.
std::string title_of_others(const model::Snapshot& snapshot) {
    std::string title;
    for (const model::Process& process : snapshot.processes) {
        for (const model::PoolUsage& usage : process.usage) {
            if (process.exited || usage.device == TIDEMARK_DEVICE_HOST ||
                model::has_column(usage.pool)) {
                continue;
            }
            const std::string name = model::printable(usage.pool_name);
            title = title.empty() || title == name ? name : "Other pools";
        }
    }
    return title;
}

void draw_accelerators(SmiPage& page) {
    std::vector<GridColumn> columns = {{"Dev"},
                                       {"PID", Align::kRight},
                                       {"User", Align::kLeft, 4},
                                       {"Program", Align::kLeft, 8},
                                       {"DRAM", Align::kRight},
                                       {"L1", Align::kRight},
                                       {"CB", Align::kRight},
                                       {"Kernel", Align::kRight}};
    const std::string others = title_of_others(page.snapshot);
    if (!others.empty()) {
        columns.push_back({others, Align::kRight, 0, 1});
    }
    const std::size_t count = columns.size();
    Grid grid(std::move(columns));
    for (const model::Device& device : page.snapshot.devices) {
        bool used = false;
        for (const model::Process& process : page.snapshot.processes) {
            if (!is_accelerator(device) || !uses(process, device.device)) {
                continue;
            }
            const model::ProcessPools pools = model::process_pools(process, device.device);
            Line row = {{used ? "" : model::device_word(device.device), Style::kAccent},
                        {pid_text(process)},
                        {user_text(process)},
                        {or_unknown(process.name)}};
            for (const model::Part* part :
                 {&pools.dram, &pools.l1, &pools.cb, &pools.kernel, &pools.other}) {
                row.push_back({page.figures.sum(part->allocated, part->exact), Style::kBold});
            }
            row.resize(count);
            grid.row(std::move(row));
            used = true;
        }
        if (is_accelerator(device) && !used) {
            add_unused(page, grid, device, count);
        }
    }
    page.add(std::move(grid), kProgramColumn);
}

Grid grid_by_pool(const char* program, const char* amount, const char* live) {
    return Grid({{"Dev"},
                 {"PID", Align::kRight},
                 {"User", Align::kLeft, 5, 2},
                 {program, Align::kLeft, 8},
                 {"Pool", Align::kLeft, 13},
                 {amount, Align::kRight},
                 {"Peak", Align::kRight, 0, 3},
                 {live, Align::kRight, 0, 4}});
}

// The host; also accelerators where only some pools are shown, since columns of the others would look empty.
void draw_by_pool(SmiPage& page) {
    Grid grid = grid_by_pool("Program", "Allocated", "Live");
    for (const model::Device& device : page.snapshot.devices) {
        if (is_accelerator(device) && page.snapshot.all_pools) {
            continue;
        }
        bool used = false;
        for (const model::Process& process : page.snapshot.processes) {
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
                          {page.figures.current(usage), Style::kBold},
                          {page.figures.peak(usage)},
                          {page.figures.live(usage)}});
                first = false;
                used = true;
            }
        }
        if (!used) {
            add_unused(page, grid, device, 8);
        }
    }
    page.add(std::move(grid), kProgramColumn);
}

}  // namespace

void draw_processes(SmiPage& page) {
    if (page.snapshot.collector.state == model::CollectorState::kNone) {
        return;
    }
    const bool any = std::any_of(
        page.snapshot.processes.begin(), page.snapshot.processes.end(),
        [&](const model::Process& process) { return !process.exited && !process.usage.empty(); });
    if (!any) {
        page.frame.rule();
        page.note("no program that runs now is tracked; `tidemark run -- CMD` tracks one");
        return;
    }
    if (page.snapshot.all_pools) {
        draw_accelerators(page);
    }
    draw_by_pool(page);
}

void draw_exited(SmiPage& page) {
    Grid grid = grid_by_pool("Exited program", "Left", "Buffers");
    std::vector<std::pair<const model::Process*, const model::PoolUsage*>> rows;
    for (const model::Process& process : page.snapshot.processes) {
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
                  {page.figures.current(*usage), Style::kDim},
                  {page.figures.peak(*usage), Style::kDim},
                  {page.figures.live(*usage), Style::kDim}});
    }
    page.add(std::move(grid), kProgramColumn);
    if (rows.size() > kExitedShown) {
        page.note("and " + page.figures.count(rows.size() - kExitedShown) +
                  " more that exited; `tidemark leaks` lists them");
    }
}

}  // namespace tidemark::cli
