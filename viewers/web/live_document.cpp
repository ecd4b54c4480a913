// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/live_document.hpp"

#include <algorithm>
#include <unordered_map>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_text.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

// For all but devices and processes: enough in most cases not to move the text.
constexpr std::size_t kRoom = 4096;

// What comes next in a list.
void add(std::string& list, std::string_view entry) {
    if (list.back() != '[') list += ',';
    list += entry;
}

}  // namespace

void LiveDocument::update_row(Row& row, const model::Process& process) {
    std::string text = model::text_of(process);
    ++texts_;
    if (row.text != text) {
        row.text = std::move(text);
        row.changed = step_;
    }
}

void LiveDocument::update_all(const model::Snapshot& snapshot) {
    std::unordered_map<std::uint64_t, Row> before;
    for (Row& row : rows_)
        before.emplace(row.image, std::move(row));
    rows_.clear();
    for (const model::Process& process : snapshot.processes) {
        const auto at = before.find(process.image);
        Row& row = rows_.emplace_back(at != before.end() ? std::move(at->second)
                                                         : Row{process.image, 0, std::string()});
        if (at != before.end()) {
            before.erase(at);
        } else {
            std::erase_if(removed_, [&](const auto& gone) { return gone.first == process.image; });
        }
        update_row(row, process);
    }
    for (const auto& [image, row] : before)
        removed_.emplace_back(image, step_);
}

void LiveDocument::update_devices(const model::Snapshot& snapshot) {
    devices_.resize(snapshot.devices.size());
    device_texts_.resize(snapshot.devices.size());
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        if (!device_texts_[i].empty() && devices_[i] == snapshot.devices[i]) continue;
        devices_[i] = snapshot.devices[i];
        device_texts_[i] = model::text_of(devices_[i]);
    }
}

// The first update of a name counts: who has a later one of that name has no less.
void LiveDocument::remember(const std::string& id) {
    if (!step_of(id)) ids_.emplace_back(id, step_);
    if (ids_.size() > kStreamEvents) ids_.pop_front();
    while (!removed_.empty() && removed_.front().second <= ids_.front().second) {
        removed_.pop_front();
    }
}

std::optional<LiveDocument::Step> LiveDocument::step_of(std::string_view id) const {
    const auto at = std::find_if(ids_.rbegin(), ids_.rend(),
                                 [id](const auto& entry) { return entry.first == id; });
    return at != ids_.rend() ? std::optional(at->second) : std::nullopt;
}

void LiveDocument::update(const model::Snapshot& snapshot, const std::string& id,
                          const std::vector<std::size_t>* changed) {
    ++step_;
    if (changed == nullptr || rows_.size() != snapshot.processes.size()) {
        update_all(snapshot);
    } else {
        for (const std::size_t place : *changed) {
            update_row(rows_[place], snapshot.processes[place]);
        }
    }
    update_devices(snapshot);
    remember(id);
}

// All but the closing brace.
void LiveDocument::write_after(Step step, const model::Snapshot& snapshot, std::string& out) const {
    std::size_t size = kRoom;
    for (const std::string& device : device_texts_)
        size += device.size() + 1;
    for (const Row& row : rows_)
        size += row.changed > step ? row.text.size() + 1 : 0;
    out.reserve(out.size() + size);
    out += model::head_text(snapshot);
    out.back() = ',';  // for its brace: more follows
    out += "\"devices\":[";
    for (const std::string& device : device_texts_)
        add(out, device);
    out += "],\"processes\":[";
    for (const Row& row : rows_) {
        if (row.changed > step) add(out, row.text);
    }
    out += "],\"regions\":[";
    for (const model::Region& region : snapshot.regions)
        add(out, model::text_of(region));
    out += ']';
}

void LiveDocument::write_whole(const model::Snapshot& snapshot, std::string& out) const {
    write_after(0, snapshot, out);
    out += '}';
}

bool LiveDocument::write_since(std::string_view id, const model::Snapshot& snapshot,
                               std::string& out) const {
    const auto step = step_of(id);
    if (!step) return false;
    write_after(*step, snapshot, out);
    out += ",\"removed\":[";
    for (const auto& [image, when] : removed_) {
        if (when > *step) add(out, '"' + model::image_word(image) + '"');
    }
    out += "]}";
    return true;
}

}  // namespace tidemark::web
