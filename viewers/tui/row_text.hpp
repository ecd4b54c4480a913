// SPDX-License-Identifier: Apache-2.0
//
// What the process table says of a process in words: for its cells, and for its order by them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::tui {

// Its owner's name, or number.
std::string user_text(const model::Process& process);

// "runs", "~runs", "refused", or how it ended.
std::string state_text(const model::Process& process);

// Those that it uses, each once, from the lowest; the host is the last.
std::vector<std::uint32_t> devices_of(const model::Process& process);

// Its command line without the folders before the program, which say less than what it was given.
std::string command_text(const model::Process& process);

// Until now, or until it ended.
std::optional<std::uint64_t> age_ms(const model::Process& process, std::uint64_t now_unix_ns);

}  // namespace tidemark::tui
