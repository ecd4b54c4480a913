// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/changed_rows.hpp"

#include "viewers/model/rows.hpp"

namespace tidemark::model {

void ChangedRows::mark(std::size_t process) {
    if (is_changed_[process]) return;
    is_changed_[process] = true;
    changed_.push_back(process);
}

bool ChangedRows::update(const StatsReader& reader, Snapshot& snapshot,
                         std::vector<std::size_t>& changed) {
    if (!is_known_ || snapshot.processes.size() != is_changed_.size()) return false;
    const std::uint64_t moment = reader.moment();
    is_known_ = update_processes(reader, snapshot) && update_usage(reader, snapshot);
    moment_ = moment;
    for (const std::size_t process : changed_)
        is_changed_[process] = false;
    changed.insert(changed.end(), changed_.begin(), changed_.end());
    changed_.clear();
    return is_known_;
}

bool ChangedRows::update_processes(const StatsReader& reader, Snapshot& snapshot) {
    const std::uint32_t rows = reader.rows<tidemark_process_row>();
    if (rows < process_places_.size()) return false;
    process_places_.resize(rows);
    for (std::uint32_t i = 0; i < process_places_.size(); ++i) {
        ProcessPlace& place = process_places_[i];
        ProcessKey key{};
        const int result = read_key(reader, i, key);
        if (result == TIDEMARK_READ_FREE && place.process == kNowhere) {
            if (place.in_use) rows_of_images_.erase(place.image);
            place = {};
            continue;
        }
        if (result != TIDEMARK_READ_OK) return false;
        if (place.in_use && key.pass <= moment_) continue;
        if (!take_process(reader, i, key, snapshot)) return false;
    }
    return true;
}

bool ChangedRows::take_process(const StatsReader& reader, std::uint32_t index,
                               const ProcessKey& key, Snapshot& snapshot) {
    ProcessPlace& place = process_places_[index];
    const bool is_same = place.in_use && place.image == key.image;
    const bool wanted = filter_.wants_process(key.pid, key.uid, key.start_ticks);
    if (!is_same) {
        if (wanted || place.process != kNowhere) return false;
        if (place.in_use) rows_of_images_.erase(place.image);
        place = {true, false, key.image, kNowhere};
        rows_of_images_[key.image] = index;
        return true;
    }
    if (wanted != place.wanted) return false;
    if (place.process == kNowhere) return true;
    Process& process = snapshot.processes[place.process];
    tidemark_process_row row;
    // What decides its order and its user's name stays, or all is read.
    if (!read_figures(reader, index, row) || row.image != place.image ||
        row.pid != process.pid.value_or(0) || row.uid != process.uid ||
        row.start_unix_ns != process.start_unix_ns.value_or(0)) {
        return false;
    }
    take_figures(row, process);
    if (process.exited) take_ending(row, process);
    mark(place.process);
    return true;
}

bool ChangedRows::update_usage(const StatsReader& reader, Snapshot& snapshot) {
    const std::uint32_t rows = reader.rows<tidemark_process_usage_row>();
    if (rows < usage_places_.size()) return false;
    usage_places_.resize(rows);
    for (std::uint32_t i = 0; i < usage_places_.size(); ++i) {
        UsagePlace& place = usage_places_[i];
        UsageKey key{};
        const int result = read_key(reader, i, key);
        if (result == TIDEMARK_READ_FREE && place.process == kNowhere) {
            place = {};
            continue;
        }
        if (result != TIDEMARK_READ_OK) return false;
        if (place.in_use && key.pass <= moment_) continue;
        if (!take_usage(reader, i, key, snapshot)) return false;
    }
    return true;
}

bool ChangedRows::take_usage(const StatsReader& reader, std::uint32_t index, const UsageKey& key,
                             Snapshot& snapshot) {
    UsagePlace& place = usage_places_[index];
    const bool is_same = place.in_use && place.image == key.image && place.device == key.device &&
                         place.pool == key.pool;
    if (is_same && place.process == kNowhere) return true;
    tidemark_process_usage_row row;
    if (!read_usage(reader, index, row)) return false;
    if (!is_same) {
        // Shown until now, or shown from now on: all is read. A process that touches a wanted device for the first time
        // comes into sight this way.
        return place.process == kNowhere && place_usage(row, snapshot, place) &&
               place.process == kNowhere;
    }
    Process& process = snapshot.processes[place.process];
    if (row.image != place.image || place.usage >= process.usage.size()) return false;
    PoolUsage& usage = process.usage[place.usage];
    if (row.device != usage.device || row.pool != usage.pool || row.memory != usage.memory) {
        return false;
    }
    const std::string_view name = text_of(row.pool_name);
    if (!name.empty() && name != usage.pool_name) return false;  // it decides the order
    take_figures(row, usage);
    mark(place.process);
    return true;
}

}  // namespace tidemark::model
