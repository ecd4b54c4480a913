// SPDX-License-Identifier: Apache-2.0
//
// Ids for what has none of its own: circular buffers and kernels, whose ids repeat between programs. Keeps, per key, the
// instances that are there, and gives each an id that no other one of its device and pool has.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

namespace tidemark::monitor {

struct Instance {
    std::uint64_t id;  // unique in its device and pool
    std::uint64_t size;
    std::uint32_t type;
};

// Not synchronised. May throw std::bad_alloc, and is then as it was.
class Instances {
public:
    using Key =
        std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;  // device, pool, id as told

    std::uint64_t begin(const Key& key, std::uint64_t size, std::uint32_t type) {
        Stack& stack = stacks_[key];
        const std::uint64_t told = std::get<2>(key);
        // The serial is per key; ids that reach into its bits could meet another key's, and are told as they are.
        const std::uint64_t serial = told >> kSerialShift == 0 ? stack.next : 0;
        stack.instances.push_back({told | serial << kSerialShift, size, type});
        ++stack.next;
        return stack.instances.back().id;
    }

    // The newest of that size, else the newest. False: there is none.
    bool end(const Key& key, std::uint64_t size, Instance& ended) {
        const auto found = stacks_.find(key);
        if (found == stacks_.end() || found->second.instances.empty()) return false;
        auto& instances = found->second.instances;
        auto at = instances.end() - 1;
        for (auto i = instances.rbegin(); i != instances.rend(); ++i)
            if (i->size == size) {
                at = i.base() - 1;
                break;
            }
        ended = *at;
        instances.erase(at);
        if (instances.empty()) stacks_.erase(found);
        return true;
    }

    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const auto& [key, stack] : stacks_)
            for (const Instance& instance : stack.instances)
                visit(key, instance);
    }

private:
    static constexpr unsigned kSerialShift = 40;

    struct Stack {
        std::vector<Instance> instances;
        std::uint64_t next = 0;
    };

    std::map<Key, Stack> stacks_;
};

}  // namespace tidemark::monitor
