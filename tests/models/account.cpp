// SPDX-License-Identifier: Apache-2.0
//
// An account that others walk: entries that change under a walker, a page that a split leaves, call sites.
#include "collector/drain/account_layout.hpp"
#include "collector/drain/call_sites.hpp"
#include "collector/drain/live_table.hpp"
#include "models/parts.hpp"
#include "tidemark/account_reader.hpp"

namespace tidemark::model {
namespace {

using collector::Journal;
using collector::LiveTable;

// The account that is walked: its header, one page, one stack of two frames and one module.
constexpr std::uint64_t kPage = collector::kPagesOffset,
                        kSites = kPage + TIDEMARK_ACCOUNT_PAGE_SIZE;
constexpr std::uint64_t kModules = kSites + shm::stacks_bytes(2);
alignas(4096) std::byte account[kModules + 4096];
alignas(4096) std::byte ring[shm::stacks_bytes(2) + 4096];
collector::JournalHeader journal_header;
collector::UndoRecord records[8];
Journal journal;
LiveTable table;
AccountReader reader;

tidemark_account_header& header() { return *reinterpret_cast<tidemark_account_header*>(account); }
tidemark_account_entry& entry() {
    return *reinterpret_cast<tidemark_account_entry*>(account + kPage + 64);
}
tidemark_account_entry life_of(std::uint64_t n) {
    tidemark_account_entry e{};
    e.id = e.stamp = n;
    e.device = e.stack = static_cast<std::uint32_t>(n);
    e.life = TIDEMARK_LIFE_LIVE | n | n << (TIDEMARK_LIFE_STAMP_SHIFT + 1);
    return e;
}

void begin() {
    share(&entry(), sizeof entry());
    entry() = life_of(1);
    journal_header = {};
    journal.attach(&journal_header, records, nullptr, nullptr);
    table.target_ = {account, 1};
    table.fill_.assign(1, {2, 1});
}
void replace_twice() {
    table.replace(journal, &entry(), life_of(2));
    table.replace(journal, &entry(), life_of(3));
}
void erase_and_insert() {
    table.erase(journal, &entry());
    table.replace(journal, &entry(), life_of(2));
}
void walk() {
    std::vector<LiveBuffer> found;
    AccountReader::read_entry(entry(), found);
    for (const LiveBuffer& b : found)
        require(b.size == b.id && b.size == b.stamp && b.size == b.device && b.size == b.stack,
                "a buffer that was listed is whole");
}
void nothing() {}

const collector::CallSitePlaces kRing{ring, 0, shm::stacks_bytes(2), 2, sizeof ring};
const collector::CallSitePlaces kAccount{account, kSites, kModules, 2, sizeof account};
shm::Segment segment;

void begin_sites() {
    share(&header(), sizeof header());
    share(account + kSites, 24);
    share(account + kModules, sizeof(shm::Module));
    auto* stack = reinterpret_cast<std::uint64_t*>(ring);
    stack[0] = 2, stack[1] = 7, stack[2] = 8;
    reinterpret_cast<shm::Module*>(ring + shm::stacks_bytes(2))->begin = 7;
    reinterpret_cast<shm::Module*>(ring + shm::stacks_bytes(2))->end = 9;
    tidemark_account_header& h = header();
    h.header_size = sizeof h;
    h.stacks_offset = kSites, h.modules_offset = kModules;
    h.stack_frames = 2, h.stack_entries = h.module_entries = 1;
    reader.base_ = account;
    reader.size_ = sizeof account;
}
void keep_site() {
    collector::CallSites sites(segment, kAccount);
    sites.keep_stack(kRing, 1);
    sites.keep_modules(kRing, header().modules_used, 1);
}
void read_site() {
    const std::vector<Frame> frames = reader.call_site(1);
    require(
        frames.empty() || (frames.size() == 2 && frames[0].address == 7 && frames[1].address == 8),
        "a call site is absent or whole");
    for (const Frame& frame : frames)
        require(frame.module == nullptr || frame.module->begin == 7, "a mapping is whole");
}

// A new account: its header, then the magic.
void begin_new() {
    share(&header(), sizeof header());
    reader.base_ = account;
    reader.size_ = sizeof account;
}
void make_account() {
    header().byte_order = TIDEMARK_STATS_BYTE_ORDER;
    header().version_major = TIDEMARK_ACCOUNT_MAJOR;
    header().header_size = sizeof(tidemark_account_header);
    header().object_size = sizeof account;
    collector::publish_account(header());
}
void find_account() {
    if (__atomic_load_n(&header().magic, __ATOMIC_RELAXED) == 0) return;
    require(reader.check().empty(), "who finds the magic finds the header");
}

}  // namespace

void add_account_models(std::vector<Model>& all) {
    const Thread walking{walk, false, -1, nullptr, 18};
    all.push_back(
        {"live entry", "two replacements, one walk", begin, {{replace_twice}, walking}, nothing});
    all.push_back({"live entry that ends",
                   "and another life in its place",
                   begin,
                   {{erase_and_insert}, walking},
                   nothing});
    all.push_back(
        {"new account", "made, found", begin_new, {{make_account, true}, {find_account}}, nothing});
    all.push_back({"call site",
                   "a collector that may die, and a walk",
                   begin_sites,
                   {{keep_site, true}, {read_site}},
                   nothing});
}

}  // namespace tidemark::model
