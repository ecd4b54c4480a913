// SPDX-License-Identifier: Apache-2.0
//
// Call sites in a ring segment: the stacks that its events name by number, each once, and the executable mappings that
// they were seen in. Layout alone; who finds duplicates keeps that to itself (producer/stack_table.hpp).
//
//   stacks_offset    entry n - 1 is stack n: one word with its number of frames, then `stack_frames` return addresses
//   modules_offset   tidemark_account_module[kModuleEntries]
//
// An entry is written before the first event that names it is published, and never again, so SYNC(lane-head) hands it
// over. The consumer believes neither counts nor texts.
#pragma once

#include "shm/ring_layout.hpp"
#include "tidemark/account_abi.h"

namespace tidemark::shm {

inline constexpr std::uint32_t kMostFrames = TIDEMARK_ACCOUNT_MAX_FRAMES;
inline constexpr std::uint32_t kStackEntries = 8192;
inline constexpr std::uint32_t kModuleEntries = 512;

using Module = tidemark_account_module;

constexpr std::uint64_t stack_entry_words(std::uint32_t frames) noexcept { return 1u + frames; }

constexpr std::uint64_t page_multiple(std::uint64_t bytes) noexcept {
    return (bytes + 4095) & ~std::uint64_t{4095};
}
constexpr std::uint64_t stacks_bytes(std::uint32_t frames) noexcept {
    return page_multiple(kStackEntries * stack_entry_words(frames) * 8);
}
inline constexpr std::uint64_t kModulesBytes = kModuleEntries * sizeof(Module);

// What a ring or an account sets aside for stacks of so many frames, modules included.
constexpr std::uint64_t call_site_bytes(std::uint32_t frames) noexcept {
    return frames == 0 ? 0 : stacks_bytes(frames) + kModulesBytes;
}
static_assert(kModulesBytes % 4096 == 0);

}  // namespace tidemark::shm
