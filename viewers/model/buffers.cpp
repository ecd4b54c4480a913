// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/buffers.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "tidemark/account_reader.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

// Names of one account's pools, looked up once for all of its buffers.
std::vector<std::uint32_t> pool_indices(const AccountReader& account, BufferList& list) {
    std::vector<std::uint32_t> indices;
    for (std::uint32_t pool = 0; pool < 16; ++pool) {
        std::string name = account.pool_name(pool);
        if (name.empty()) {
            name = standard_pool_name(pool);
        }
        indices.push_back(list.pool_index(name.empty() ? "pool " + std::to_string(pool) : name));
    }
    return indices;
}

std::optional<std::uint64_t> age_ms(const Clock& clock, std::uint64_t stamp,
                                    std::uint64_t until_unix_ns) {
    const auto since = clock.unix_ns(stamp);
    if (!since) {
        return std::nullopt;
    }
    return until_unix_ns > *since ? (until_unix_ns - *since) / 1'000'000 : 0;
}

// The moment to which ages are counted: now, or the last stamp of a program that ended.
std::uint64_t age_reference(const AccountReader& account, const Clock& clock, std::uint64_t now) {
    if (!account.exited()) {
        return now;
    }
    const tidemark_account_header& header = account.header();
    if (header.exit_ticks != 0) {
        return clock.unix_ns(header.exit_ticks).value_or(now);
    }
    return header.exit_unix_ns != 0 ? header.exit_unix_ns : now;
}

// The call sites of one account, each taken over when a buffer names it.
class Stacks {
public:
    Stacks(const AccountReader& account, BufferList& list) : account_(account), list_(list) {
        list.stacks_dropped += account.stacks_dropped();
    }

    std::uint32_t index_of(std::uint32_t stack) {
        const auto [at, is_new] = indices_.try_emplace(stack, 0);
        if (is_new) {
            at->second = take(stack);
        }
        return at->second;
    }

private:
    std::uint32_t take(std::uint32_t stack) {
        CallStack taken;
        for (const Frame& frame : account_.call_site(stack)) {
            taken.callers.push_back({frame.address, module_index(frame.module)});
        }
        if (taken.callers.empty()) {
            return 0;
        }
        list_.stacks.push_back(std::move(taken));
        return static_cast<std::uint32_t>(list_.stacks.size());
    }

    std::uint32_t module_index(const tidemark_account_module* module) {
        if (module == nullptr) {
            return kNoModule;
        }
        const auto [at, is_new] =
            modules_.try_emplace(module, static_cast<std::uint32_t>(list_.modules.size()));
        if (is_new) {
            const auto* id = reinterpret_cast<const char*>(module->build_id);
            const std::size_t id_size =
                std::min<std::size_t>(module->build_id_size, sizeof module->build_id);
            list_.modules.push_back(
                {module->begin, module->end, module->file_offset, module->inode,
                 module->device_major, module->device_minor, std::string(id, id_size),
                 std::string(module->path, ::strnlen(module->path, sizeof module->path))});
        }
        return at->second;
    }

    const AccountReader& account_;
    BufferList& list_;
    std::map<std::uint32_t, std::uint32_t> indices_;
    std::map<const tidemark_account_module*, std::uint32_t> modules_;
};

std::string label(const Process& process) {
    return "pid " + (process.pid ? std::to_string(*process.pid) : std::string("unknown"));
}

void read_account(const Snapshot& snapshot, const Process& process, const Filter& filter,
                  BufferList& list) {
    std::string error;
    auto account = AccountReader::open(snapshot.collector.instance, process.image, &error);
    if (!account) {
        list.inexact.push_back(label(process) + ": " + error);
        return;
    }
    const Clock clock = snapshot.collector.counters ? snapshot.collector.counters->clock : Clock{};
    const std::uint64_t until = age_reference(*account, clock, snapshot.time_unix_ns);
    const std::vector<std::uint32_t> pools = pool_indices(*account, list);
    const LiveBuffers live = account->live_buffers();
    Stacks stacks(*account, list);
    for (const LiveBuffer& buffer : live.buffers) {
        if (filter.wants_device(buffer.device) &&
            filter.wants_pool(list.pools[pools[buffer.pool]])) {
            list.buffers.push_back({process.image, process.pid, buffer.device, pools[buffer.pool],
                                    buffer.id, buffer.size, age_ms(clock, buffer.stamp, until),
                                    buffer.stack == 0 ? 0 : stacks.index_of(buffer.stack)});
        }
    }
    if (!live.exact) {
        list.inexact.push_back(
            label(process) +
            ": changed faster than it could be read; some buffers may be missing or listed twice");
    }
}

bool holds_anything(const Process& process) {
    return std::any_of(process.usage.begin(), process.usage.end(),
                       [](const PoolUsage& usage) { return usage.live != 0; });
}

// Sorts before `b`. Ages that are unknown come last.
bool before(const Buffer& a, const Buffer& b, BufferOrder by) {
    const auto tie = [](const Buffer& x) {
        return std::tuple(x.pid, x.device, x.pool_index, x.id);
    };
    if (by == BufferOrder::kSize && a.size != b.size) {
        return a.size > b.size;
    }
    if (by == BufferOrder::kAge && a.age_ms != b.age_ms) {
        return a.age_ms > b.age_ms;
    }
    if (by == BufferOrder::kId && a.id != b.id) {
        return a.id < b.id;
    }
    return tie(a) < tie(b);
}

}  // namespace

std::uint32_t BufferList::pool_index(const std::string& name) {
    const auto at = std::find(pools.begin(), pools.end(), name);
    if (at != pools.end()) {
        return static_cast<std::uint32_t>(at - pools.begin());
    }
    pools.push_back(name);
    return static_cast<std::uint32_t>(pools.size() - 1);
}

BufferList read_buffers(const Snapshot& snapshot, Which which, const Filter& filter) {
    BufferList list;
    for (const Process& process : snapshot.processes) {
        const bool wanted = which == Which::kAll || process.exited == (which == Which::kExited);
        if (wanted && filter.wants_process(process) && holds_anything(process)) {
            read_account(snapshot, process, filter, list);
        }
    }
    return list;
}

void order(BufferList& list, BufferOrder by, std::size_t top) {
    const auto less = [by](const Buffer& a, const Buffer& b) { return before(a, b, by); };
    if (top == 0 || top >= list.buffers.size()) {
        std::sort(list.buffers.begin(), list.buffers.end(), less);
        return;
    }
    const auto end = list.buffers.begin() + static_cast<std::ptrdiff_t>(top);
    std::partial_sort(list.buffers.begin(), end, list.buffers.end(), less);
    list.buffers.erase(end, list.buffers.end());
}

BufferList first_of(const BufferList& list, BufferOrder by, std::size_t top) {
    BufferList first;
    first.pools = list.pools;
    first.stacks = list.stacks;
    first.modules = list.modules;
    first.buffers.resize(std::min(top, list.buffers.size()));
    std::partial_sort_copy(list.buffers.begin(), list.buffers.end(), first.buffers.begin(),
                           first.buffers.end(),
                           [by](const Buffer& a, const Buffer& b) { return before(a, b, by); });
    return first;
}

}  // namespace tidemark::model
