// SPDX-License-Identifier: Apache-2.0
//
// What the drain thread hands to sinks (event followers, event log, leak log): one plain record, copied into a
// bounded queue. Formatting is the sink's work.
#pragma once

#include <cstdint>
#include <type_traits>

namespace tidemark::collector {

inline constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

struct SinkRecord {
    enum class Kind : std::uint32_t {
        kAllocation,
        kFree,
        kLeak,   // a buffer that an ended image left; age counts to its end
        kStart,  // an image was attached
        kExec,   // an image ended since its process executed another program
        kExit,  // an image ended and was drained; comes after its leaks. `size`, `id`: bytes and buffers left
    };
    Kind kind;
    std::uint32_t device;  // TIDEMARK_DEVICE_HOST or an accelerator
    std::uint64_t image;   // account
    std::uint64_t
        sequence;  // position in the account's order of events: {image, sequence} tells repeats
    std::uint64_t id;
    std::uint64_t size;          // bytes; kUnknown for a free that found nothing
    std::uint64_t time_unix_ns;  // when it happened
    std::uint64_t age_ns;        // leaks only
    std::int32_t pid;
    std::uint32_t pool;        // tidemark_pool number of the image
    std::uint32_t ending;      // tidemark_ending; exits only
    std::int32_t ending_code;  // exit status or signal
    std::uint32_t stack;       // leaks only: call site in the account; 0: none was recorded
    std::uint32_t reserved;
    char pool_name[24];
};
static_assert(std::is_trivially_copyable_v<SinkRecord> && sizeof(SinkRecord) == 104);

// The bounded way from the drain thread to the sinks. Implemented by collector/sinks.
class SinkPort {
public:
    virtual ~SinkPort() = default;
    // Any thread. True while somebody wants single allocations and frees; starts and exits are always wanted.
    virtual bool wants_events() const noexcept = 0;
    // Any thread. True while somebody reads what ended images left; an image may leave a million buffers.
    virtual bool wants_leaks() const noexcept { return true; }
    // Drain thread only. Never blocks; a record that does not fit is dropped and counted.
    virtual void push(const SinkRecord& record) noexcept = 0;
    // Any thread. Records dropped so far.
    virtual std::uint64_t dropped() const noexcept = 0;
};

}  // namespace tidemark::collector
