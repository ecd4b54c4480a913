// SPDX-License-Identifier: Apache-2.0
//
// The cells of a process's line, a column each.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

using model::Process;

std::string devices_text(const Process& process) {
    std::string text;
    std::uint32_t last = ~0u;
    for (const model::PoolUsage& pool : process.usage) {  // sorted by device
        if (pool.device == last) continue;
        last = pool.device;
        text += (text.empty() ? "" : ",") +
                (last == TIDEMARK_DEVICE_HOST ? std::string("H") : model::device_word(last));
    }
    return text.empty() ? "-" : text;
}

Span state_cell(const Process& process) {
    if (process.quarantine != 0) return {"refused", {Style::kBad}};
    if (!process.exited) {
        return process.exact ? Span{"runs", {Style::kGood}} : Span{"~runs", {Style::kWarning}};
    }
    const std::string tag = model::ending_tag(process.ending, process.ending_code);
    const bool is_bad =
        process.ending == TIDEMARK_ENDING_KILLED || process.ending == TIDEMARK_ENDING_CRASHED;
    return {tag.empty() ? "exited" : tag, {is_bad ? Style::kBad : Style::kDim}};
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
                return {model::printable(process.user.value_or(std::to_string(process.uid))), {}};
            case Column::kState:
                return state_cell(process);
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
        const auto since = row_.process->start_unix_ns;
        const std::uint64_t until =
            row_.process->exit_unix_ns.value_or(frame_.world.snapshot.time_unix_ns);
        if (!since) return {kUnknown, kDim};
        return {model::format_duration(until > *since ? (until - *since) / 1'000'000 : 0), {}};
    }
    Span command() const {
        const bool ascii = frame_.state.ascii;
        std::string text =
            model::printable(row_.process->command.value_or(row_.process->name.value_or(kUnknown)));
        // Where a program lies says less than what it was given.
        const std::size_t word = text.find(' ');
        const std::size_t slash = text.rfind('/', word);
        if (slash != std::string::npos && slash + 1 < std::min(word, text.size()))
            text.erase(0, slash + 1);
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
