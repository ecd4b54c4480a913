// SPDX-License-Identifier: Apache-2.0
//
// The producer's environment variables.
#include "producer/settings.hpp"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "shm/call_sites.hpp"
#include "shm/raw_file.hpp"
#include "shm/raw_segment.hpp"

namespace tidemark::producer {
namespace {

// The environment: libc's, or the kernel's copy of it while libc has none yet (a preloaded library's first calls come
// from the loader).
class Environment {
public:
    Environment() noexcept {
        if (environ != nullptr) return;
        text_ = static_cast<char*>(shm::map_private(kMost));
        if (text_ != nullptr) size_ = shm::read_small_file("/proc/self/environ", text_, kMost);
    }
    ~Environment() {
        if (text_ != nullptr) shm::raw_syscall(SYS_munmap, shm::word(text_), kMost);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    const char* value(const char* name) const noexcept {
        if (text_ == nullptr) return environ == nullptr ? nullptr : getenv(name);
        const std::size_t length = strlen(name);
        for (const char* at = text_; at < text_ + size_; at += strlen(at) + 1)
            if (strncmp(at, name, length) == 0 && at[length] == '=') return at + length + 1;
        return nullptr;
    }
    bool is(const char* name, const char* wanted) const noexcept {
        const char* found = value(name);
        return found != nullptr && strcmp(found, wanted) == 0;
    }

private:
    static constexpr long kMost = 8 << 20;  // pages are touched as far as the environment goes
    char* text_ = nullptr;
    std::size_t size_ = 0;
};

std::uint64_t budget_of(const char* text) noexcept {
    std::uint64_t bytes = text == nullptr ? 0 : parse_size(text);
    if (bytes == 0) bytes = shm::kDefaultRingBudget;
    if (bytes < shm::kMinRingBudget) bytes = shm::kMinRingBudget;
    if (bytes > shm::kMaxRingBudget) bytes = shm::kMaxRingBudget;
    return bytes & ~std::uint64_t{0xFFFF};  // whole pages of any size
}

constexpr std::uint32_t kUsualFrames = 16;

std::uint32_t stacks_of(const Environment& environment) noexcept {
    const char* frames = environment.value("TIDEMARK_STACKS");
    if (frames == nullptr) return environment.is("TT_ALLOC_STACK_TRACE", "1") ? kUsualFrames : 0;
    const std::uint64_t wanted = parse_size(frames);
    return static_cast<std::uint32_t>(wanted < shm::kMostFrames ? wanted : shm::kMostFrames);
}

unsigned unit_shift(char unit) noexcept {
    switch (unit) {
        case 'k':
        case 'K':
            return 10;
        case 'm':
        case 'M':
            return 20;
        case 'g':
        case 'G':
            return 30;
        default:
            return 0;
    }
}

}  // namespace

std::uint64_t parse_size(const char* text) noexcept {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 48;
    std::uint64_t number = 0;
    const char* at = text;
    for (; *at >= '0' && *at <= '9'; ++at) {
        number = number * 10 + static_cast<std::uint64_t>(*at - '0');
        if (number > kMost) return 0;
    }
    if (at == text) return 0;
    const unsigned shift = unit_shift(*at);
    if (shift != 0) ++at;
    if (shift != 0 && (*at == 'b' || *at == 'B')) ++at;
    if (*at != '\0' || number > (kMost >> shift)) return 0;
    return number << shift;
}

void read_settings(Settings& settings) noexcept {
    const Environment environment;
    settings.enabled =
        getauxval(AT_SECURE) == 0 && (environment.is("TIDEMARK_ENABLED", "1") ||
                                      environment.is("TT_ALLOC_TRACKING_ENABLED", "1"));
    settings.drop = environment.is("TIDEMARK_POLICY", "drop");
    settings.budget = budget_of(environment.value("TIDEMARK_RING_BUDGET"));
    settings.stacks = stacks_of(environment);
    memset(settings.instance, 0, sizeof settings.instance);
    if (const char* instance = environment.value("TIDEMARK_INSTANCE"))
        strncpy(settings.instance, instance, sizeof settings.instance - 1);
}

}  // namespace tidemark::producer
