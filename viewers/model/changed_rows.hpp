// SPDX-License-Identifier: Apache-2.0
//
// Brings the processes of a snapshot up to date by reading only the rows that were published since: of all others two
// cache lines each. For viewers that look ten times a second at a thousand processes, also at a few of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tidemark/stats_reader.hpp"
#include "viewers/model/filter.hpp"
#include "viewers/model/rows.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

class ChangedRows {
public:
    // After a whole read of `snapshot`, to which `filter` was applied since. `moment`: the reader's, from before that
    // read.
    void remember(const StatsReader& reader, const Snapshot& snapshot, const Filter& filter,
                  std::uint64_t moment);

    // Appends the places in snapshot.processes of those that changed, each once. False: a row that the filter wants came
    // or went, or is another's now, so that all must be read; `snapshot` is then half done.
    bool update(const StatsReader& reader, Snapshot& snapshot, std::vector<std::size_t>& changed);

private:
    static constexpr std::size_t kNowhere = ~std::size_t{0};

    // What a row stands for. With `process` kNowhere it is hidden: the filter does not want it.
    struct ProcessPlace {
        bool in_use = false;
        bool wanted = false;  // by its user and pid alone
        std::uint64_t image = 0;
        std::size_t process = kNowhere;
    };
    struct UsagePlace {
        bool in_use = false;
        std::uint32_t device = 0;
        std::uint32_t pool = 0;
        std::uint64_t image = 0;
        std::size_t process = kNowhere;
        std::size_t usage = kNowhere;
    };

    bool remember_processes(const StatsReader& reader, const Snapshot& snapshot);
    bool remember_usage(const StatsReader& reader, const Snapshot& snapshot);
    // False: wanted, but not in the snapshot.
    bool place_usage(const tidemark_process_usage_row& row, const Snapshot& snapshot,
                     UsagePlace& place) const;
    bool update_processes(const StatsReader& reader, Snapshot& snapshot);
    bool update_usage(const StatsReader& reader, Snapshot& snapshot);
    bool take_process(const StatsReader& reader, std::uint32_t index, const ProcessKey& key,
                      Snapshot& snapshot);
    bool take_usage(const StatsReader& reader, std::uint32_t index, const UsageKey& key,
                    Snapshot& snapshot);
    void mark(std::size_t process);

    Filter filter_;
    bool is_known_ = false;     // every row has its place
    std::uint64_t moment_ = 0;  // what was published later is new
    std::vector<ProcessPlace> process_places_;
    std::vector<UsagePlace> usage_places_;
    std::unordered_map<std::uint64_t, std::uint32_t> rows_of_images_;  // of the process table
    std::vector<std::size_t> changed_;
    std::vector<bool> is_changed_;
};

}  // namespace tidemark::model
