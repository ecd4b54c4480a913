// SPDX-License-Identifier: Apache-2.0
//
// The cells of a process's line, a column each.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/row_text.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

using model::Process;

std::string devices_text(const Process& process) {
    std::string text;
    for (const std::uint32_t device : devices_of(process)) {
        text += (text.empty() ? "" : ",") +
                (device == TIDEMARK_DEVICE_HOST ? std::string("H") : model::device_word(device));
    }
    return text.empty() ? "-" : text;
}

Style state_style(const Process& process) {
    if (process.quarantine != 0) return Style::kBad;
    if (!process.exited) return process.exact ? Style::kGood : Style::kWarning;
    const bool is_bad =
        process.ending == TIDEMARK_ENDING_KILLED || process.ending == TIDEMARK_ENDING_CRASHED;
    return is_bad ? Style::kBad : Style::kDim;
}

class Row {
public:
    Row(Frame& frame, const ProcessRow& row) : frame_(frame), row_(row) {}

    Span cell(Column column) {
        const Process& process = *row_.process;
        switch (column) {
            case Column::kPid:
                return {process.pid ? std::to_string(*process.pid) : kUnknown, {}};
            case Column::kParent:
                return parent();
            case Column::kUser:
                return {user_text(process), {}};
            case Column::kState:
                return {state_text(process), {state_style(process)}};
            case Column::kDevices:
                return {devices_text(process), {}};
            case Column::kPeak:
                return frame_.cells.peak(*row_.sums, *row_.base);
            case Column::kByteRate:
                return frame_.cells.rate(row_.sums->bytes_per_second, Unit::kBytes);
            case Column::kEventRate:
                return frame_.cells.rate(row_.sums->count_per_second, Unit::kCount);
            case Column::kAge:
                return age();
            case Column::kCommand:
                return command();
            default:
                return amount(column);
        }
    }

private:
    Span amount(Column column) {
        const auto cell = [&](Amount Sums::*which, Unit unit) {
            return frame_.cells.amount(row_.sums->*which, row_.base->*which, unit);
        };
        switch (column) {
            case Column::kDram:
                return cell(&Sums::dram, Unit::kBytes);
            case Column::kL1:
                return cell(&Sums::l1, Unit::kBytes);
            case Column::kHost:
                return cell(&Sums::host, Unit::kBytes);
            case Column::kOther:
                return cell(&Sums::other, Unit::kBytes);
            case Column::kLive:
                return cell(&Sums::live, Unit::kCount);
            case Column::kEvents:
                return cell(&Sums::events, Unit::kCount);
            default:
                return lost();
        }
    }
    Span lost() {
        Span cell = frame_.cells.amount(row_.sums->lost, row_.base->lost, Unit::kCount);
        if (row_.sums->lost.value.value_or(0) != 0) cell.look.style = Style::kBad;
        return cell;
    }
    Span parent() const {
        if (row_.process->parent_image == 0) return {"-", kDim};
        const Process* found = find_process(frame_.world.snapshot, row_.process->parent_image);
        if (found == nullptr || !found->pid) return {kUnknown, kDim};
        return {std::to_string(*found->pid), {}};
    }
    Span age() const {
        const auto age = age_ms(*row_.process, frame_.world.snapshot.time_unix_ns);
        return age ? Span{model::format_duration(*age), {}} : Span{kUnknown, kDim};
    }
    Span command() const {
        const bool ascii = frame_.state.ascii;
        std::string text = command_text(*row_.process);
        if (row_.process->exited) text.insert(0, ascii ? "x " : "† ");
        if (row_.is_sum) text.insert(0, ascii ? "(+) " : "Σ ");
        if (row_.has_children && row_.is_collapsed) text.insert(0, ascii ? "> " : "▸ ");
        if (row_.depth > 0) {
            text.insert(0, std::string((row_.depth - 1) * 2, ' ') + (ascii ? "`-" : "└ "));
        }
        return {text, row_.process->exited ? kDim : Look{}};
    }

    Frame& frame_;
    const ProcessRow& row_;
};

}  // namespace

Span row_cell(Frame& frame, const ProcessRow& row, Column column) {
    return Row(frame, row).cell(column);
}

}  // namespace tidemark::tui
