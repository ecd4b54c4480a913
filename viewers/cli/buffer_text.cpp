// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/buffer_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "viewers/model/csv.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

// Enough for one write to be worth its system call.
constexpr std::size_t kPiece = 65536;

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

std::vector<BufferTotal> totals_of(const model::BufferList& list, bool by_process) {
    std::map<std::tuple<std::optional<std::int32_t>, std::uint32_t, std::uint32_t>, BufferTotal>
        sums;
    for (const model::Buffer& buffer : list.buffers) {
        const auto pid = by_process ? buffer.pid : std::nullopt;
        BufferTotal& total = sums[{pid, buffer.device, buffer.pool_index}];
        total.pid = pid;
        total.device = buffer.device;
        ++total.count;
        total.bytes += buffer.size;
    }
    std::vector<BufferTotal> totals;
    for (auto& [key, total] : sums) {
        total.pool_name = list.pools[std::get<2>(key)];
        totals.push_back(std::move(total));
    }
    return totals;
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

namespace {

// By hand: a list may hold millions, and a JSON object a buffer costs ten times as much. Names of pools come from
// programs, so those alone go through the serialiser, once each.
class BufferJson {
public:
    explicit BufferJson(const model::BufferList& list) {
        for (const std::string& pool : list.pools) {
            pools_.push_back(model::dump(pool, -1));
        }
        for (const model::CallStack& stack : list.stacks) {
            Json frames = Json::array();
            for (const model::CallFrame& frame : stack.frames) {
                frames.push_back(model::frame_text(frame));
            }
            stacks_.push_back(stack.frames.empty() ? "null" : model::dump(frames, -1));
        }
    }

    void append(const model::Buffer& buffer, std::string& text) const {
        text += "{\"pid\":" + (buffer.pid ? std::to_string(*buffer.pid) : "null") + ",\"device\":";
        const bool host = buffer.device == TIDEMARK_DEVICE_HOST;
        text += host ? "\"host\"" : std::to_string(buffer.device);
        text += ",\"pool\":" + pools_[buffer.pool_index];
        text += ",\"id\":" + std::to_string(buffer.id);
        text += ",\"size\":" + std::to_string(buffer.size);
        text += ",\"age_ms\":" + (buffer.age_ms ? std::to_string(*buffer.age_ms) : "null");
        text += ",\"image\":";
        text += buffer.image != 0 ? "\"" + model::image_word(buffer.image) + "\"" : "null";
        text += ",\"stack\":" + (buffer.stack != 0 ? stacks_[buffer.stack - 1] : "null") + "}";
    }

private:
    std::vector<std::string> pools_;
    std::vector<std::string> stacks_;
};

}  // namespace

void write_with_list(const Json& head, const std::string& key, const model::BufferList& list,
                     int indent, const std::function<void(const std::string&)>& write) {
    std::string piece = model::dump(head, indent);
    // The list goes in before the brace that closes the document.
    const std::string new_line = indent < 0 ? "" : "\n";
    const std::string in_one = std::string(indent < 0 ? 0 : static_cast<std::size_t>(indent), ' ');
    piece.erase(piece.size() - (indent < 0 || head.empty() ? 1 : 2));
    piece += (head.empty() ? "" : ",") + new_line + in_one + "\"" + key +
             "\":" + (indent < 0 ? "" : " ") + "[";
    const BufferJson entry(list);
    for (const model::Buffer& buffer : list.buffers) {
        piece += (&buffer == list.buffers.data() ? "" : ",") + new_line + in_one + in_one;
        entry.append(buffer, piece);
        if (piece.size() > kPiece) {
            write(piece);
            piece.clear();
        }
    }
    write(piece + (list.buffers.empty() ? "" : new_line + in_one) + "]" + new_line + "}\n");
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
