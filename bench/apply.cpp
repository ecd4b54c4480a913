// SPDX-License-Identifier: Apache-2.0
//
// How many events a second can be applied, with so many buffers live? The account as the collector uses it (undo
// journal, one commit a batch), its live table with the journal alone, and tables that a crash would lose. Pairs of a
// free and an allocation, scattered or from one address to the next; all are told eight events ahead what comes (those
// that can use it).
#include <compare>
#include <exception>
#include <map>
#include <memory>
#include <string>

#include "bench/apply_batch.hpp"
#include "bench/apply_feed.hpp"
#include "bench/apply_rivals.hpp"
#include "bench/apply_stores.hpp"
#include "bench/harness.hpp"

namespace tidemark::bench {
namespace {

struct Load {
    std::uint64_t live;
    bool in_order;
    auto operator<=>(const Load&) const =
        default;  // NOLINT(modernize-use-nullptr): no pointer here
};

const ApplyFeed& feed_of(const Load& load) {
    static std::map<Load, ApplyFeed> feeds;
    return feeds.try_emplace(load, load.live, pairs_for(load.live), load.in_order).first->second;
}

// A store with its live buffers, and where in the circle of events it is; kept from one repetition to the next.
template <class Store>
struct Filled {
    explicit Filled(const Load& load) : store(load.live) {
        apply_all(store, feed_of(load).first());
    }
    Store store;
    std::uint64_t at = 0;
};

template <class Store>
void measure(benchmark::State& state, const Load& load) {
    static std::map<Load, std::unique_ptr<Filled<Store>>> all;
    try {
        if (!all[load]) all[load] = std::make_unique<Filled<Store>>(load);
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    Filled<Store>& filled = *all[load];
    const auto& circle = feed_of(load).circle();
    for (auto _ : state) {
        apply_batch(filled.store, circle.data() + filled.at, kBatch);
        filled.at = (filled.at + kBatch) % circle.size();
    }
    // Every batch ends with an allocation.
    if (filled.store.live() != load.live)
        return refuse(state, "the live buffers are not what they should be");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

template <class Store>
void add(const std::string& name, const Options& options) {
    for (const std::uint64_t live : {1'000u, 10'000u, 1'000'000u}) {
        if (options.smoke && live > 10'000) continue;
        for (const bool in_order : {false, true}) {
            if (in_order && live != 10'000 && live != 1'000'000) continue;
            const std::string full =
                name + (in_order ? "/in_order/" : "/scattered/") + std::to_string(live);
            const Load load{live, in_order};
            benchmark::RegisterBenchmark(full.c_str(),
                                         [load](benchmark::State& s) { measure<Store>(s, load); });
        }
    }
}

void register_all(const Options& options) {
    add<AccountStore>("apply/account", options);
    add<TableStore>("apply/live_table", options);
    add<FlatTable>("apply/flat_table_in_memory", options);
    add<StandardMap>("apply/std_unordered_map", options);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
