// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/row_text.hpp"

#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/tui/widgets.hpp"

namespace tidemark::tui {

using model::Process;

std::string user_text(const Process& process) {
    return model::printable(process.user.value_or(std::to_string(process.uid)));
}

std::string state_text(const Process& process) {
    if (process.quarantine != 0) return "refused";
    if (!process.exited) return process.exact ? "runs" : "~runs";
    const std::string tag = model::ending_tag(process.ending, process.ending_code);
    return tag.empty() ? "exited" : tag;
}

std::vector<std::uint32_t> devices_of(const Process& process) {
    std::vector<std::uint32_t> devices;
    for (const model::PoolUsage& pool : process.usage) {  // sorted by device
        if (devices.empty() || devices.back() != pool.device) devices.push_back(pool.device);
    }
    return devices;
}

std::string command_text(const Process& process) {
    std::string text = model::printable(process.command.value_or(process.name.value_or(kUnknown)));
    const std::size_t word = text.find(' ');
    const std::size_t slash = text.rfind('/', word);
    if (slash != std::string::npos && slash + 1 < std::min(word, text.size()))
        text.erase(0, slash + 1);
    return text;
}

std::optional<std::uint64_t> age_ms(const Process& process, std::uint64_t now_unix_ns) {
    if (!process.start_unix_ns) return std::nullopt;
    const std::uint64_t until = process.exit_unix_ns.value_or(now_unix_ns);
    return until > *process.start_unix_ns ? (until - *process.start_unix_ns) / 1'000'000 : 0;
}

}  // namespace tidemark::tui
