// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/held_buffers.hpp"

#include <algorithm>

#include "tidemark/words.h"

namespace tidemark::collector::gateway {

// The next after the newest's. Where frees state sizes, older ones go before newer ones and the numbers are used up one
// day: then from 0 again, and those that still live are passed over.
std::uint32_t HeldBuffers::free_number(Stack& stack) {
    std::uint32_t number = stack.empty() ? 0 : stack.back().number + 1;
    stack.has_wrapped |= number == kMostInstances;
    if (!stack.has_wrapped) return number;
    std::vector<bool> taken(kMostInstances);
    for (const HeldBuffer& held : stack)
        taken[held.number] = true;
    while (taken[number %= kMostInstances])
        ++number;
    return number;
}

std::optional<HeldBuffer> HeldBuffers::allocate(const BufferKey& key, std::uint64_t size,
                                                std::uint64_t now_ns) {
    Stack& stack = stacks_[key];
    if (stack.size() >= kMostInstances) return std::nullopt;
    const std::uint32_t number = free_number(stack);
    stack.push_back({size, now_ns, next_order_++, number});
    ++count_;
    return stack.back();
}

bool HeldBuffers::is_newest(std::uint32_t device, std::uint64_t id, std::uint64_t order) const {
    for (std::uint32_t pool = 0; pool < TIDEMARK_POOL_ANY; ++pool) {
        const auto place = stacks_.find({device, pool, id});
        if (place == stacks_.end()) continue;
        for (const HeldBuffer& held : place->second)
            if (held.number == 0 && held.order > order) return false;
    }
    return true;
}

std::optional<HeldBuffers::Freed> HeldBuffers::free(std::uint32_t device, std::uint32_t pool_mask,
                                                    std::uint64_t id, std::uint64_t size) {
    decltype(stacks_)::iterator found = stacks_.end();
    std::uint32_t matches = 0;
    for (std::uint32_t pool = 0; pool < TIDEMARK_POOL_ANY; ++pool) {
        if ((pool_mask >> pool & 1) == 0) continue;
        const auto place = stacks_.find({device, pool, id});
        if (place == stacks_.end()) continue;
        ++matches;
        if (found == stacks_.end() || place->second.back().order > found->second.back().order)
            found = place;
    }
    if (matches == 0) return std::nullopt;
    Stack& stack = found->second;
    auto chosen = std::prev(stack.end());
    if (size != 0) {
        const auto same_size = [size](const HeldBuffer& held) { return held.size == size; };
        const auto newest = std::find_if(stack.rbegin(), stack.rend(), same_size);
        if (newest != stack.rend()) chosen = std::prev(newest.base());
    }
    const bool is_newest_of_all =
        matches > 1 && chosen->number == 0 && is_newest(device, id, chosen->order);
    const Freed freed{found->first, *chosen, is_newest_of_all};
    stack.erase(chosen);
    if (stack.empty()) stacks_.erase(found);
    --count_;
    return freed;
}

std::vector<HeldBuffers::Freed> HeldBuffers::all() const {
    std::vector<Freed> list;
    list.reserve(count_);
    for (const auto& [key, stack] : stacks_)
        for (const HeldBuffer& held : stack)
            list.push_back({key, held});
    std::sort(list.begin(), list.end(),
              [](const Freed& a, const Freed& b) { return a.buffer.order < b.buffer.order; });
    return list;
}

std::vector<HeldBuffers::Freed> HeldBuffers::take_device(std::uint32_t device) {
    std::vector<Freed> taken;
    for (auto place = stacks_.begin(); place != stacks_.end();) {
        if (place->first.device != device) {
            ++place;
            continue;
        }
        for (const HeldBuffer& held : place->second)
            taken.push_back({place->first, held});
        place = stacks_.erase(place);
    }
    count_ -= taken.size();
    return taken;
}

}  // namespace tidemark::collector::gateway
