// SPDX-License-Identifier: Apache-2.0
#include "trace_runtime.hpp"

#include <cerrno>
#include <utility>

#include "producer/runtime.hpp"
#include "tidemark/words.h"

namespace trace {

namespace {
std::vector<Entry> entries;
std::uint64_t clock_now = 0;

void note(const char* what, std::uint32_t device, std::uint32_t pool, std::uint64_t id,
          std::uint64_t size, std::uint64_t stamp) {
    const int kept = errno;
    std::string name = what;
    if (device != TIDEMARK_DEVICE_HOST || pool != TIDEMARK_POOL_SYSTEM_MEMORY) name += " elsewhere";
    entries.push_back({name, reinterpret_cast<const void*>(id), size, stamp});
    errno = kept;
}
}  // namespace

std::vector<Entry> taken() { return std::exchange(entries, {}); }
std::uint64_t now() { return clock_now; }
void set_tracking(bool on) {
    using tidemark::producer::Mode;
    tidemark::producer::detail::mode = static_cast<std::uint32_t>(on ? Mode::kOn : Mode::kOff);
}

}  // namespace trace

namespace tidemark::producer {

std::uint32_t detail::mode = static_cast<std::uint32_t>(Mode::kUndecided);

std::uint64_t stamp() noexcept { return ++trace::clock_now; }

void record_allocation(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                       std::uint64_t size, std::uint32_t) noexcept {
    trace::note("allocation", device, pool, id, size, ++trace::clock_now);
}

void record_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                 std::uint64_t size) noexcept {
    trace::note(size == kUnknownSize ? "free" : "sized free", device, pool, id, 0,
                ++trace::clock_now);
}

void record_late_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                      std::uint64_t stamp_before, std::uint64_t size) noexcept {
    trace::note(size == kUnknownSize ? "late free" : "sized late free", device, pool, id, 0,
                stamp_before);
}

void forked() noexcept { trace::entries.push_back({"forked", nullptr, 0, 0}); }

void enter_sandbox(SandboxKind kind) noexcept {
    const char* const names[] = {"filter", "strict", "no stamp"};
    trace::entries.push_back({names[static_cast<std::uint32_t>(kind)], nullptr, 0, 0});
}

}  // namespace tidemark::producer
