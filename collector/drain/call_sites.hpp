// SPDX-License-Identifier: Apache-2.0
//
// The call sites of one image, copied from its ring into its account, so that they outlive the ring. A stack is copied
// before the pass that applies the first event which names it is committed, and the same each time: so neither needs
// the journal, and a collector that dies in between copies again what its successor finds missing.
//
// What the ring says of it is copied once, and then checked: numbers, counts, the ends of texts. What can't be is left
// out: the call site is unknown then, and nothing else is wrong.
#pragma once

#include <cstdint>

#include "shm/call_sites.hpp"
#include "shm/segment.hpp"

namespace tidemark::collector {

// Where a ring or an account keeps its call sites, as it was checked; frames 0: it keeps none.
struct CallSitePlaces {
    std::byte* base = nullptr;
    std::uint64_t stacks = 0;   // offset
    std::uint64_t modules = 0;  // offset
    std::uint32_t frames = 0;   // of a stack, at most
    std::uint64_t until = 0;    // offset, of the end of both

    std::uint64_t* stack(std::uint32_t number) const noexcept {
        return reinterpret_cast<std::uint64_t*>(base + stacks) +
               (number - 1) * shm::stack_entry_words(frames);
    }
    shm::Module* module(std::uint32_t index) const noexcept {
        return reinterpret_cast<shm::Module*>(base + modules) + index;
    }
};

// Checks offsets and frames against the object that they are said of. Nothing: it keeps no call sites there.
CallSitePlaces call_site_places(std::byte* base, std::uint64_t size, std::uint64_t stacks,
                                std::uint64_t modules, std::uint64_t frames) noexcept;

// Drain thread only.
class CallSites {
public:
    CallSites() = default;
    // `segment` holds the account at whose places they are kept; it must not move meanwhile.
    CallSites(shm::Segment& segment, const CallSitePlaces& places) noexcept
        : segment_(&segment), places_(places) {}

    const CallSitePlaces& places() const noexcept { return places_; }

    // Copies stack `number` of the ring, unless it was before. False: there is none, or no space for it.
    bool keep_stack(const CallSitePlaces& ring, std::uint32_t number) noexcept;
    // Copies the ring's modules below `until`, as far as there is space. `used`, of the account: how many it has.
    void keep_modules(const CallSitePlaces& ring, std::uint32_t& used,
                      std::uint32_t until) noexcept;

private:
    std::uint32_t copy_modules(const CallSitePlaces& ring, std::uint32_t kept,
                               std::uint32_t until) noexcept;
    bool make_present(const void* place, std::uint64_t bytes) noexcept;

    shm::Segment* segment_ = nullptr;
    CallSitePlaces places_;
    std::uint64_t present_ = 0;  // one bit for each step of their memory
};

}  // namespace tidemark::collector
