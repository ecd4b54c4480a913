// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/buffer_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "viewers/model/csv.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

template <typename T>
std::string or_unknown(const std::optional<T>& value) {
    return value ? std::to_string(*value) : "N/A";
}

}  // namespace

std::string id_text(std::uint64_t id) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(id));
    return text.data();
}

std::string site_text(const model::BufferList& list, const model::Buffer& buffer) {
    if (buffer.stack == 0) {
        return "N/A";
    }
    const model::CallFrame* frame = model::telling_frame(list.stacks[buffer.stack - 1]);
    return frame != nullptr ? model::printable(model::short_text(*frame)) : "N/A";
}

Grid buffer_grid(const model::BufferList& list, std::size_t shown, const Figures& figures) {
    std::vector<GridColumn> columns{{"Dev"},
                                    {"Pool", Align::kLeft, 6},
                                    {"PID", Align::kRight},
                                    {"Id", Align::kRight},
                                    {"Size", Align::kRight},
                                    {"Age", Align::kRight}};
    const bool has_sites = !list.stacks.empty();
    if (has_sites) {
        columns.push_back({"Call site", Align::kLeft, 12, 1});
    }
    Grid grid(std::move(columns));
    const std::size_t count =
        shown == 0 ? list.buffers.size() : std::min(shown, list.buffers.size());
    for (std::size_t i = 0; i < count; ++i) {
        const model::Buffer& buffer = list.buffers[i];
        Line cells{{model::device_word(buffer.device), Style::kAccent},
                   {model::printable(list.pool_name(buffer))},
                   {or_unknown(buffer.pid)},
                   {id_text(buffer.id)},
                   {figures.bytes(buffer.size), Style::kBold},
                   {buffer.age_ms ? model::format_duration(*buffer.age_ms) : "N/A"}};
        if (has_sites) {
            cells.push_back({site_text(list, buffer)});
        }
        grid.row(std::move(cells));
    }
    return grid;
}

std::string buffer_csv(const model::BufferList& list, bool header, bool units) {
    std::string text;
    if (header) {
        text =
            units ? "device,pool,pid,id,size [bytes],age [ms]\n" : "device,pool,pid,id,size,age\n";
    }
    for (const model::Buffer& buffer : list.buffers) {
        text += model::csv_line({model::device_word(buffer.device), list.pool_name(buffer),
                                 buffer.pid ? std::to_string(*buffer.pid) : "", id_text(buffer.id),
                                 std::to_string(buffer.size),
                                 buffer.age_ms ? std::to_string(*buffer.age_ms) : ""}) +
                '\n';
    }
    return text;
}

}  // namespace tidemark::cli
