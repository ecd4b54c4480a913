// SPDX-License-Identifier: Apache-2.0
//
// A snapshot that is followed, as JSON text: one text for each process and device, made anew only where it changed, and
// which processes changed since an earlier event. Reads nothing itself. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::web {

class LiveDocument {
public:
    // The snapshot as it is now, under the id of its publication. `changed`: the places in snapshot.processes that differ
    // from the last update; null: it is not known which, so all of them are compared.
    void update(const model::Snapshot& snapshot, const std::string& id,
                const std::vector<std::size_t>* changed);

    // Appends the document of `tidemark query --json` in one line. `snapshot`: as of the last update.
    void write_whole(const model::Snapshot& snapshot, std::string& out) const;

    // Appends the same with those processes alone that differ from the update named `id`, and "removed": the images of
    // those that are gone. False, and nothing is written, if that id was never one or is too long ago: then only the
    // whole document will do.
    bool write_since(std::string_view id, const model::Snapshot& snapshot, std::string& out) const;

    // Texts of processes that were made so far; for tests.
    std::uint64_t texts() const { return texts_; }

private:
    using Step = std::uint64_t;  // the number of an update
    struct Row {
        std::uint64_t image;
        Step changed;
        std::string text;
    };

    void update_all(const model::Snapshot& snapshot);
    void update_row(Row& row, const model::Process& process);
    void update_devices(const model::Snapshot& snapshot);
    void remember(const std::string& id);
    std::optional<Step> step_of(std::string_view id) const;
    void write_after(Step step, const model::Snapshot& snapshot, std::string& out) const;

    Step step_ = 0;
    std::vector<Row> rows_;  // as in the snapshot
    std::vector<model::Device> devices_;
    std::vector<std::string> device_texts_;
    std::deque<std::pair<std::uint64_t, Step>> removed_;  // image, when; oldest first
    std::deque<std::pair<std::string, Step>> ids_;        // oldest first
    std::uint64_t texts_ = 0;
};

}  // namespace tidemark::web
