// SPDX-License-Identifier: Apache-2.0
//
// How many events a second can be applied, with so many buffers live? The account as the collector uses it (undo
// journal, one commit a batch), its live table with the journal alone, and tables that a crash would lose. Pairs of a
// free and an allocation at random places; all are told eight events ahead what comes (those that can use it).
#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <memory>

#include "bench/apply_feed.hpp"
#include "bench/apply_rivals.hpp"
#include "bench/apply_stores.hpp"
#include "bench/harness.hpp"

namespace tidemark::bench {
namespace {

constexpr std::uint64_t kBatch = 4096;  // events between two commits
constexpr std::uint64_t kChunk = 512;   // as the collector's pass
constexpr std::uint64_t kAhead = 8;     // as the collector's pass

const ApplyFeed& feed_of(std::uint64_t live) {
    static std::map<std::uint64_t, ApplyFeed> feeds;
    return feeds.try_emplace(live, live, live < 100'000 ? 128 * 1024 : 1024 * 1024).first->second;
}

// In chunks, as the collector's pass: hashes first, then each event with those ahead of it prefetched.
template <class Store>
void apply_batch(Store& store, const shm::Event* events, std::uint64_t count) {
    std::array<std::uint64_t, kChunk> hashes;
    store.begin();
    for (std::uint64_t begun = 0; begun < count; begun += kChunk) {
        const std::uint64_t chunk = std::min(kChunk, count - begun);
        for (std::uint64_t i = 0; i < chunk; ++i)
            hashes[i] = store.hash(events[begun + i]);
        for (std::uint64_t i = 0; i < kAhead && i < chunk; ++i)
            store.prefetch(hashes[i]);
        for (std::uint64_t i = 0; i < chunk; ++i) {
            if (i + kAhead < chunk) store.prefetch(hashes[i + kAhead]);
            store.apply(events[begun + i], hashes[i]);
        }
    }
    store.commit();
}

// A store with its live buffers, and where in the circle of events it is; kept from one repetition to the next.
template <class Store>
struct Filled {
    explicit Filled(std::uint64_t live) : store(live) {
        const auto& first = feed_of(live).first();
        for (std::uint64_t i = 0; i < first.size(); i += kBatch)
            apply_batch(store, first.data() + i, std::min(kBatch, first.size() - i));
    }
    Store store;
    std::uint64_t at = 0;
};

template <class Store>
void measure(benchmark::State& state) {
    static std::map<std::uint64_t, std::unique_ptr<Filled<Store>>> all;
    const auto live = static_cast<std::uint64_t>(state.range(0));
    try {
        if (!all[live]) all[live] = std::make_unique<Filled<Store>>(live);
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    Filled<Store>& filled = *all[live];
    const auto& circle = feed_of(live).circle();
    for (auto _ : state) {
        apply_batch(filled.store, circle.data() + filled.at, kBatch);
        filled.at = (filled.at + kBatch) % circle.size();
    }
    // Every batch ends with an allocation.
    if (filled.store.live() != live)
        return refuse(state, "the live buffers are not what they should be");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

template <class Store>
void add(const char* name, const Options& options) {
    auto* added = benchmark::RegisterBenchmark(name, measure<Store>)->Arg(10'000);
    if (!options.smoke) added->Arg(1'000'000);
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
