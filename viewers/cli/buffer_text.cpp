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

Grid buffer_grid(const model::BufferList& list, std::size_t shown, const Figures& figures) {
    Grid grid({{"Dev"},
               {"Pool", Align::kLeft, 6},
               {"PID", Align::kRight},
               {"Id", Align::kRight},
               {"Size", Align::kRight},
               {"Age", Align::kRight}});
    const std::size_t count =
        shown == 0 ? list.buffers.size() : std::min(shown, list.buffers.size());
    for (std::size_t i = 0; i < count; ++i) {
        const model::Buffer& buffer = list.buffers[i];
        grid.row({{model::device_word(buffer.device), Style::kAccent},
                  {model::printable(list.pool_name(buffer))},
                  {or_unknown(buffer.pid)},
                  {id_text(buffer.id)},
                  {figures.bytes(buffer.size), Style::kBold},
                  {buffer.age_ms ? model::format_duration(*buffer.age_ms) : "N/A"}});
    }
    return grid;
}

Json buffer_json(const model::BufferList& list, const model::Buffer& buffer) {
    Json object;
    object["pid"] = buffer.pid ? Json(*buffer.pid) : Json(nullptr);
    object["device"] = model::device_json(buffer.device);
    object["pool"] = list.pool_name(buffer);
    object["id"] = buffer.id;
    object["size"] = buffer.size;
    object["age_ms"] = buffer.age_ms ? Json(*buffer.age_ms) : Json(nullptr);
    object["image"] = buffer.image != 0 ? Json(model::image_word(buffer.image)) : Json(nullptr);
    return object;
}

void write_with_list(const Json& head, const std::string& key, const model::BufferList& list,
                     int indent, const std::function<void(const std::string&)>& write) {
    std::string piece = model::dump(head, indent);
    // The list goes in before the brace that closes the document.
    const std::string new_line = indent < 0 ? "" : "\n";
    const std::string in_one = std::string(indent < 0 ? 0 : static_cast<std::size_t>(indent), ' ');
    piece.erase(piece.size() - (indent < 0 || head.empty() ? 1 : 2));
    piece += (head.empty() ? "" : ",") + new_line + in_one + "\"" + key +
             "\":" + (indent < 0 ? "" : " ") + "[";
    for (const model::Buffer& buffer : list.buffers) {
        piece += (&buffer == list.buffers.data() ? "" : ",") + new_line + in_one + in_one +
                 model::dump(buffer_json(list, buffer), -1);
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
