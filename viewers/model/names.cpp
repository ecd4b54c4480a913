// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/names.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <vector>

#include "tidemark/stats_abi.h"
#include "viewers/model/units.hpp"

namespace tidemark::model {
namespace {

struct StandardPool {
    std::string_view name;
    std::uint32_t memory;
    std::uint32_t rank;
};

// By tidemark_pool.
constexpr std::array<StandardPool, 7> kPools = {{
    {"DRAM", TIDEMARK_MEMORY_DRAM, 0},
    {"L1", TIDEMARK_MEMORY_L1, 2},
    {"SYSTEM_MEMORY", TIDEMARK_MEMORY_HOST, 6},
    {"L1_SMALL", TIDEMARK_MEMORY_L1, 3},
    {"TRACE", TIDEMARK_MEMORY_DRAM, 1},
    {"CB", TIDEMARK_MEMORY_L1, 4},
    {"KERNEL", TIDEMARK_MEMORY_L1, 5},
}};

// By tidemark_loss_cause.
constexpr std::array<std::string_view, TIDEMARK_LOSS_CAUSE_COUNT> kLossWords = {
    "lane full",
    "lane full and no collector there",
    "more threads than lanes",
    "inside a signal handler",
    "no shared memory left",
    "budget for rings spent",
    "program in a sandbox",
    "record corrupt",
};

}  // namespace

std::string device_word(std::uint32_t device) {
    return device == TIDEMARK_DEVICE_HOST ? "host" : std::to_string(device);
}

std::optional<std::uint32_t> parse_device(std::string_view word) {
    if (word == "host") {
        return TIDEMARK_DEVICE_HOST;
    }
    const auto number = parse_unsigned(word);
    if (!number || *number >= TIDEMARK_DEVICE_HOST) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*number);
}

std::string memory_word(std::uint32_t memory) {
    switch (memory) {
        case TIDEMARK_MEMORY_DRAM:
            return "DRAM";
        case TIDEMARK_MEMORY_L1:
            return "L1";
        case TIDEMARK_MEMORY_HOST:
            return "host memory";
        default:
            return "memory " + std::to_string(memory);
    }
}

std::string_view standard_pool_name(std::uint32_t pool) {
    return pool < kPools.size() ? kPools[pool].name : std::string_view{};
}

std::optional<std::uint32_t> standard_pool_memory(std::uint32_t pool) {
    return pool < kPools.size() ? std::optional(kPools[pool].memory) : std::nullopt;
}

std::uint32_t pool_rank(std::uint32_t pool) {
    return pool < kPools.size() ? kPools[pool].rank : pool;
}

std::string_view loss_key(std::uint32_t cause) {
#define TIDEMARK_X(id, name, doc) name,
    static constexpr std::array<std::string_view, TIDEMARK_LOSS_CAUSE_COUNT> kKeys = {
        TIDEMARK_LOSS_CAUSES(TIDEMARK_X)};
#undef TIDEMARK_X
    return cause < kKeys.size() ? kKeys[cause] : std::string_view{};
}

std::string_view loss_words(std::uint32_t cause) {
    return cause < kLossWords.size() ? kLossWords[cause] : std::string_view{};
}

std::string_view ending_word(std::uint32_t ending) {
    constexpr std::string_view kWords[] = {"", "exited", "executed", "killed", "crashed"};
    return ending < std::size(kWords) ? kWords[ending] : "";
}

namespace {
std::string signal_name(std::int32_t signal) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}
}  // namespace

std::string ending_text(std::uint32_t ending, std::int32_t code) {
    if (ending == TIDEMARK_ENDING_EXITED) return "exit status " + std::to_string(code);
    if (ending == TIDEMARK_ENDING_EXECUTED) return "executed another program";
    if (ending != TIDEMARK_ENDING_KILLED && ending != TIDEMARK_ENDING_CRASHED) return {};
    return std::string(ending_word(ending)) + " by " + signal_name(code);
}

std::string ending_tag(std::uint32_t ending, std::int32_t code) {
    if (ending == TIDEMARK_ENDING_EXITED) return "exit " + std::to_string(code);
    if (ending == TIDEMARK_ENDING_EXECUTED) return "exec";
    if (ending != TIDEMARK_ENDING_KILLED && ending != TIDEMARK_ENDING_CRASHED) return {};
    return signal_name(code);
}

std::string_view origin_word(std::uint32_t origin) {
    constexpr std::string_view kWords[] = {"program", "socket", "region"};
    return origin < std::size(kWords) ? kWords[origin] : "unknown";
}

std::string_view quarantine_words(std::uint32_t reason) {
    switch (reason) {
        case TIDEMARK_QUARANTINE_NONE:
            return {};
        case TIDEMARK_QUARANTINE_TRUNCATED:
            return "its ring segment was truncated";
        case TIDEMARK_QUARANTINE_HEADER:
            return "its ring header changed";
        case TIDEMARK_QUARANTINE_INDEX:
            return "a lane's index was impossible";
        case TIDEMARK_QUARANTINE_LINK:
            return "a link record was impossible";
        case TIDEMARK_QUARANTINE_RECORD:
            return "a record was impossible";
        case TIDEMARK_QUARANTINE_NO_MEMORY:
            return "its live table reached its limit";
        default:
            return "for a reason unknown to this version";
    }
}

std::string_view architecture_name(std::uint32_t arch) {
    constexpr std::array<std::string_view, 5> kNames = {"", "Grayskull", "Wormhole_B0", "Blackhole",
                                                        "Quasar"};
    return arch < kNames.size() ? kNames[arch] : std::string_view{};
}

std::optional<std::string> user_name(std::uint32_t uid) {
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return std::string(found->pw_name);
}

std::string image_word(std::uint64_t image) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string word(16, '0');
    for (std::size_t i = word.size(); i-- > 0; image >>= 4) {
        word[i] = kDigits[image & 15];
    }
    return word;
}

std::string object_path(std::string_view instance, std::string_view kind) {
    return std::string(kShmDirectory) + "/tidemark." + std::string(instance) + "." +
           std::string(kind);
}

std::string default_instance(std::uint32_t uid) {
    return uid == 0 ? "system" : "user-" + std::to_string(uid);
}

std::string start_command(const std::string& instance) {
    const std::string usual = "tidemarkd --background";
    return instance == default_instance(geteuid()) ? usual : usual + " --instance " + instance;
}

}  // namespace tidemark::model
