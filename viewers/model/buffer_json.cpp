// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/buffer_json.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"

namespace tidemark::model {

using Json = nlohmann::ordered_json;

std::vector<BufferTotal> totals_of(const BufferList& list, bool by_process) {
    std::map<std::tuple<std::optional<std::int32_t>, std::uint32_t, std::uint32_t>, BufferTotal>
        sums;
    for (const Buffer& buffer : list.buffers) {
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

namespace {

// Enough for one write to be worth its system call.
constexpr std::size_t kPiece = 65536;

// By hand: a list may hold millions, and a JSON object a buffer costs ten times as much. Names of pools come from
// programs, so those alone go through the serialiser, once each.
class BufferJson {
public:
    explicit BufferJson(const BufferList& list) {
        for (const std::string& pool : list.pools) {
            pools_.push_back(dump(pool, -1));
        }
        for (const CallStack& stack : list.stacks) {
            Json frames = Json::array();
            for (const CallFrame& frame : stack.frames) {
                frames.push_back(frame_text(frame));
            }
            stacks_.push_back(stack.frames.empty() ? "null" : dump(frames, -1));
        }
    }

    void append(const Buffer& buffer, std::string& text) const {
        text += "{\"pid\":" + (buffer.pid ? std::to_string(*buffer.pid) : "null") + ",\"device\":";
        const bool host = buffer.device == TIDEMARK_DEVICE_HOST;
        text += host ? "\"host\"" : std::to_string(buffer.device);
        text += ",\"pool\":" + pools_[buffer.pool_index];
        text += ",\"id\":" + std::to_string(buffer.id);
        text += ",\"size\":" + std::to_string(buffer.size);
        text += ",\"age_ms\":" + (buffer.age_ms ? std::to_string(*buffer.age_ms) : "null");
        text += ",\"image\":";
        text += buffer.image != 0 ? "\"" + image_word(buffer.image) + "\"" : "null";
        text += ",\"stack\":" + (buffer.stack != 0 ? stacks_[buffer.stack - 1] : "null") + "}";
    }

private:
    std::vector<std::string> pools_;
    std::vector<std::string> stacks_;
};

}  // namespace

void write_with_list(const Json& head, const std::string& key, const BufferList& list, int indent,
                     const std::function<void(const std::string&)>& write) {
    std::string piece = dump(head, indent);
    // The list goes in before the brace that closes the document.
    const std::string new_line = indent < 0 ? "" : "\n";
    const std::string in_one = std::string(indent < 0 ? 0 : static_cast<std::size_t>(indent), ' ');
    piece.erase(piece.size() - (indent < 0 || head.empty() ? 1 : 2));
    piece += (head.empty() ? "" : ",") + new_line + in_one + "\"" + key +
             "\":" + (indent < 0 ? "" : " ") + "[";
    const BufferJson entry(list);
    for (const Buffer& buffer : list.buffers) {
        piece += (&buffer == list.buffers.data() ? "" : ",") + new_line + in_one + in_one;
        entry.append(buffer, piece);
        if (piece.size() > kPiece) {
            write(piece);
            piece.clear();
        }
    }
    write(piece + (list.buffers.empty() ? "" : new_line + in_one) + "]" + new_line + "}\n");
}

Json totals_json(const std::vector<BufferTotal>& totals) {
    Json list = Json::array();
    for (const BufferTotal& total : totals) {
        list.push_back({{"device", device_json(total.device)},
                        {"pool", total.pool_name},
                        {"count", total.count},
                        {"bytes", total.bytes}});
    }
    return list;
}

}  // namespace tidemark::model
