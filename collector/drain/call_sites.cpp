// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/call_sites.hpp"

#include <cstring>

#include "shm/kill_point.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kStepBytes = 65536;
static_assert(shm::call_site_bytes(shm::kMostFrames) / kStepBytes < 63);

}  // namespace

CallSitePlaces call_site_places(std::byte* base, std::uint64_t size, std::uint64_t stacks,
                                std::uint64_t modules, std::uint64_t frames) noexcept {
    if (stacks == 0 || frames == 0 || frames > shm::kMostFrames) return {};
    const auto count = static_cast<std::uint32_t>(frames);
    const std::uint64_t bytes = shm::call_site_bytes(count);
    if (stacks % 4096 != 0 || stacks > size || bytes > size - stacks ||
        modules != stacks + shm::stacks_bytes(count)) {
        return {};
    }
    return {base, stacks, modules, count, stacks + bytes};
}

bool CallSites::make_present(const void* place, std::uint64_t bytes) noexcept {
    const auto first =
        static_cast<std::uint64_t>(static_cast<const std::byte*>(place) - places_.base) -
        places_.stacks;
    for (std::uint64_t step = first / kStepBytes; step * kStepBytes < first + bytes; ++step) {
        const std::uint64_t bit = std::uint64_t{1} << step;
        if ((present_ & bit) != 0) continue;
        const std::uint64_t from = places_.stacks + step * kStepBytes;
        const std::uint64_t length =
            from + kStepBytes < places_.until ? kStepBytes : places_.until - from;
        if (!segment_->populate(from, length)) return false;
        present_ |= bit;
    }
    return true;
}

bool CallSites::keep_stack(const CallSitePlaces& ring, std::uint32_t number) noexcept {
    if (ring.frames == 0 || ring.frames != places_.frames || number == 0 ||
        number > shm::kStackEntries)
        return false;
    std::uint64_t* to = places_.stack(number);
    if (!make_present(to, shm::stack_entry_words(places_.frames) * 8)) return false;
    if (__atomic_load_n(to, __ATOMIC_RELAXED) != 0) return true;
    const std::uint64_t* from = ring.stack(number);
    const std::uint64_t count = __atomic_load_n(from, __ATOMIC_RELAXED);
    if (count == 0 || count > places_.frames) return false;
    for (std::uint64_t i = 1; i <= count; ++i)
        TIDEMARK_SHARED_STORE("sites.frame",
                              __atomic_store_n(to + i, __atomic_load_n(from + i, __ATOMIC_RELAXED),
                                               __ATOMIC_RELAXED));
    // SYNC(call-site): release; who finds the count finds the frames.
    TIDEMARK_SHARED_STORE("sites.count", __atomic_store_n(to, count, __ATOMIC_RELEASE));
    return true;
}

void CallSites::keep_modules(const CallSitePlaces& ring, std::uint32_t& used,
                             std::uint32_t until) noexcept {
    const std::uint32_t kept = copy_modules(ring, used, until);
    if (kept == used) return;
    // SYNC(call-site): release; who finds the number finds the modules below it.
    TIDEMARK_SHARED_STORE("sites.modules", __atomic_store_n(&used, kept, __ATOMIC_RELEASE));
}

std::uint32_t CallSites::copy_modules(const CallSitePlaces& ring, std::uint32_t kept,
                                      std::uint32_t until) noexcept {
    if (ring.frames == 0 || ring.frames != places_.frames) return kept;
    if (until > shm::kModuleEntries) until = shm::kModuleEntries;
    for (; kept < until; ++kept) {
        shm::Module copy;
        std::memcpy(&copy, ring.module(kept), sizeof copy);
        copy.path[sizeof copy.path - 1] = '\0';
        if (copy.build_id_size > sizeof copy.build_id) copy.build_id_size = 0;
        shm::Module* to = places_.module(kept);
        if (!make_present(to, sizeof copy)) return kept;
        TIDEMARK_SHARED_STORE("sites.module", std::memcpy(to, &copy, sizeof copy));
    }
    return kept;
}

}  // namespace tidemark::collector
