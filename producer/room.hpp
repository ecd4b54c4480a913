// SPDX-License-Identifier: Apache-2.0
//
// Where a lane's fast path ends: the record is written all the same (after a look at the tail, in a larger block,
// behind a gap record, after waiting), or counted as lost.
#pragma once

#include <cstdint>

#include "producer/thread_lanes.hpp"
#include "shm/event.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// Writes the event to the calling thread's own lane, growing it or waiting as policy and budget say; or counts it.
void record_without_room(ThreadState& thread, const shm::Event& event) noexcept;

// The same on the shared lane, whose lock is tried for each attempt and never held while waiting.
void record_shared(LanePair& pair, const shm::Event& event) noexcept;

// From inside a handler that interrupted an append: to the thread's small lane, or counted. Nothing waits here.
void record_nested(ThreadState& thread, std::uintptr_t frame, const shm::Event& event) noexcept;

// Takes all the growth that a lane can get: in a sandbox there will be none.
void grow_fully(ProcessState& state, LanePair& pair) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
