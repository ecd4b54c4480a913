// SPDX-License-Identifier: Apache-2.0
//
// The words for devices, memories, states and causes of loss, as JSON, tables and the command line use them, and
// where the objects of an instance lie. One place, so that every verb says the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tidemark/words.h"

namespace tidemark::model {

inline constexpr const char* kShmDirectory = "/dev/shm";

// "host", or the accelerator's number.
std::string device_word(std::uint32_t device);

// The reverse of device_word; nothing for what is neither.
std::optional<std::uint32_t> parse_device(std::string_view word);

// "DRAM", "L1", "host memory"; "memory 7" for a number that this version does not know.
std::string memory_word(std::uint32_t memory);

// The fixed pools' names (0-6); empty for pools that programs name themselves.
std::string_view standard_pool_name(std::uint32_t pool);

// The memory that a fixed pool lies in; nothing for pools that programs name themselves.
std::optional<std::uint32_t> standard_pool_memory(std::uint32_t pool);

// Order of pools in every list: those of DRAM, then of L1, then of the host, then named ones.
std::uint32_t pool_rank(std::uint32_t pool);

// "full", "no_collector", ... as in JSON.
std::string_view loss_key(std::uint32_t cause);

// The cause as a person reads it: "lane full", "no collector and the lane full", ...
std::string_view loss_words(std::uint32_t cause);

// tidemark_quarantine in words; empty for none.
std::string_view quarantine_words(std::uint32_t reason);

// tidemark_ending: "exited", "executed", "killed", "crashed"; empty if unknown or not ended.
std::string_view ending_word(std::uint32_t ending);

// How a program ended, as a person reads it: "exit status 1", "killed by SIGKILL"; empty if unknown.
std::string ending_text(std::uint32_t ending, std::int32_t code);

// The same in a narrow column: "exit 1", "SIGKILL", "exec"; empty if unknown.
std::string ending_tag(std::uint32_t ending, std::int32_t code);

// tidemark_origin: "program", "socket", "region"; "unknown" for a number that this version does not know.
std::string_view origin_word(std::uint32_t origin);

// "Wormhole_B0", ...; empty if unknown.
std::string_view architecture_name(std::uint32_t arch);

// The account's name of the login; nothing if the system does not know it.
std::optional<std::string> user_name(std::uint32_t uid);

// Sixteen hexadecimal digits, as images are written everywhere.
std::string image_word(std::uint64_t image);

// "/dev/shm/tidemark.<instance>.<kind>"
std::string object_path(std::string_view instance, std::string_view kind);

// The instance that a collector of this user has by default: "system" for root, "user-<uid>" else.
std::string default_instance(std::uint32_t uid);

// What this user types to start the collector of `instance`.
std::string start_command(const std::string& instance);

}  // namespace tidemark::model
