// SPDX-License-Identifier: Apache-2.0
//
// --compare-kernel: who holds a card open as the kernel says, beside whom Tidemark tracks on it.
#include "viewers/cli/smi_page.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::cli {
namespace {

constexpr std::size_t kProgramColumn = 2;

Span verdict(const model::KernelRow& row) {
    if (!row.instrumented) {
        return {"not tracked: its memory is unknown", Style::kWarning};
    }
    return row.handles == 0 ? Span{"tracked; the kernel does not list it", Style::kWarning}
                            : Span{"tracked", Style::kGood};
}

}  // namespace

void draw_kernel(SmiPage& page) {
    if (page.look.compare_kernel && page.snapshot.kernel.empty()) {
        page.frame.rule();
        page.note("no Tenstorrent card here: the kernel lists nobody to compare with");
    }
    Grid grid({{"Dev"},
               {"PID", Align::kRight},
               {"Holds it open", Align::kLeft, 8},
               {"Handles", Align::kRight},
               {"Tidemark"}});
    for (const model::KernelComparison& device : page.snapshot.kernel) {
        const std::string word = model::device_word(device.device);
        if (!device.problem.empty()) {
            continue;
        }
        for (const model::KernelRow& row : device.rows) {
            grid.row({{&row == device.rows.data() ? word : "", Style::kAccent},
                      {std::to_string(row.pid)},
                      {or_unknown(row.name)},
                      {page.figures.count(row.handles)},
                      verdict(row)});
        }
        if (device.rows.empty()) {
            grid.row({{word, Style::kAccent}, {""}, {"nobody", Style::kDim}, {"0"}, {""}});
        }
    }
    page.add(std::move(grid), kProgramColumn);
    for (const model::KernelComparison& device : page.snapshot.kernel) {
        if (!device.problem.empty()) {
            page.frame.rule();
            page.note("who holds device " + model::device_word(device.device) +
                      " open is unknown: " + device.problem);
        }
    }
}

}  // namespace tidemark::cli
