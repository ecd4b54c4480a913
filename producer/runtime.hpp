// SPDX-License-Identifier: Apache-2.0
//
// The producer core as its users inside this library see it: the C API (c_api.cpp) and the malloc tracker. They link
// the same objects (tidemark_producer_core), so everything here is hidden, depends on libc alone, never throws, never
// allocates from the heap and keeps errno. Not for programs: those include tidemark/producer.h.
//
// Every function may be called from any thread at any time: before constructors, in signal handlers, after fork and
// vfork, in thread-exit destructors, after main. None waits, except record_* on a full lane as policy `block` says.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// In record_free: the program doesn't know the size.
inline constexpr std::uint64_t kUnknownSize = ~std::uint64_t{0};

// Undecided until start(): the environment was not read yet.
enum class Mode : std::uint32_t { kUndecided = 0, kOff = 1, kOn = 2 };

namespace detail {
extern std::uint32_t mode;  // a Mode; written by start() only
}

// False only once start() found tracking switched off. While undecided it is true, so that one predictable branch is
// all that a disabled program pays; the first record_*() or stamp() then calls start(kFirstUse) itself.
inline bool enabled() noexcept {
    return __atomic_load_n(&detail::mode, __ATOMIC_RELAXED) !=
           static_cast<std::uint32_t>(Mode::kOff);
}

enum class StartMode : std::uint32_t {
    kFirstUse,  // from wherever the first event happens, also before constructors and under the loader's locks
    kConstructor,  // from the library's constructor: registers the fork handlers too (which takes a lock of libc's)
};

// Reads the environment (/proc/self/environ while libc has not set `environ` yet), finds the clock and registers with
// membarrier. Makes no segment: the first event does.
// Idempotent; call it with kConstructor once from the constructor of the library that links the core.
void start(StartMode mode) noexcept;

// The clock of this process's segment, raw ticks. Fenced unless the process is single-threaded. 0 when off, and where
// a sandbox forbids reading it.
std::uint64_t stamp() noexcept;

// A buffer exists: call after the allocation succeeded and before anyone else can learn of it.
// device: TIDEMARK_DEVICE_HOST or 0..0xFFFE; pool: 0..14; size: bytes, below 2^48 (else counted as corrupt);
// stack: call site id, 0 for none. Stamps itself.
void record_allocation(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                       std::uint64_t size, std::uint32_t stack = 0) noexcept;

// A buffer is about to go: call before the memory is really freed. pool may be TIDEMARK_POOL_ANY. Stamps itself.
void record_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                 std::uint64_t size = kUnknownSize) noexcept;

// A buffer went, where that could have failed (realloc, munmap): call after success with what stamp() said before the
// attempt. Flagged late.
void record_late_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                      std::uint64_t stamp_before, std::uint64_t size = kUnknownSize) noexcept;

enum class SandboxKind : std::uint32_t {
    kFilter,  // seccomp filters: no new kind of system call from now on; events go on, the collector polls
    kStrict,   // seccomp strict mode: events stop, each counted as `sandbox`
    kNoStamp,  // PR_SET_TSC: reading the counter traps; events stop, each counted as `sandbox`
};

// Tell it right before the program's call that enters the sandbox (a sandbox that then isn't entered costs waits and
// growth, no event). Irrevocable for this image and its fork children. Makes sure first that the calling thread has a
// segment and a lane.
void enter_sandbox(SandboxKind kind) noexcept;

// In the child of a _Fork or a raw clone with memory of its own: what libc's fork handlers would have done.
void forked() noexcept;

// ---- Behind the rest of tidemark/producer.h, which says what they mean ----------------------------------------------

std::uint32_t
tracking() noexcept;  // 1: events of this process are wanted; decides if still undecided
std::int32_t name_pool(const char* name, std::uint32_t memory) noexcept;
std::int32_t declare_device(std::uint32_t device, const char* name) noexcept;
std::int32_t declare_memory(std::uint32_t device, std::uint32_t memory,
                            std::uint64_t capacity) noexcept;
std::int32_t flush(std::uint32_t timeout_ms) noexcept;
std::int32_t status(void* out, std::uint64_t bytes) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
