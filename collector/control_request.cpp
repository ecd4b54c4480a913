// SPDX-License-Identifier: Apache-2.0
#include "collector/control_request.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "collector/json_fields.hpp"

namespace tidemark::collector {
namespace {

using Command = ControlRequest::Command;

constexpr std::uint64_t kMaxTimeoutMs = 86'400'000;
constexpr std::size_t kMaxPoolName = 24;

struct CommandName {
    std::string_view name;
    Command command;
};
constexpr std::array<CommandName, 6> kCommands = {{{"status", Command::kStatus},
                                                   {"flush", Command::kFlush},
                                                   {"settle", Command::kSettle},
                                                   {"clean", Command::kClean},
                                                   {"events", Command::kEvents},
                                                   {"stop", Command::kStop}}};

Command command_of(const Json& request) {
    if (!request.is_object() || !request.contains("command")) {
        throw JsonProblem("not an object with the key \"command\"");
    }
    const Json& name = request["command"];
    const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                    [&](const CommandName& known) { return name == known.name; });
    if (found == kCommands.end())
        json_problem("command", name, "one of status, flush, settle, clean, events, stop");
    return found->command;
}

// A filter is one value or a list of them.
template <typename Value, typename Read>
JsonField filter_field(std::string_view key, std::vector<Value>& list, Read read) {
    return {key, [&list, read](const Json& value, const std::string& where) {
                if (!value.is_array()) return list.push_back(read(value, where));
                if (value.empty()) json_problem(where, value, "a value or a list of values");
                for (const Json& one : value)
                    list.push_back(read(one, where));
            }};
}

ControlRequest read_request(const Json& json) {
    ControlRequest request;
    request.command = command_of(json);
    const JsonField command = {"command", [](const Json&, const std::string&) {}};
    const auto pid = [](const Json& value, const std::string& where) {
        return static_cast<std::int64_t>(
            integer_of(value, where, 1, std::numeric_limits<std::int32_t>::max()));
    };
    const auto pool = [](const Json& value, const std::string& where) {
        return text_of(value, where, kMaxPoolName);
    };
    const auto timeout = [&](const Json& value, const std::string& where) {
        request.timeout = std::chrono::milliseconds(integer_of(value, where, 0, kMaxTimeoutMs));
    };
    if (request.command == Command::kSettle) {
        read_fields(json, "", {command, {"timeout_ms", timeout}});
    } else if (request.command == Command::kEvents) {
        read_fields(json, "",
                    {command, filter_field("pid", request.filter.pids, pid),
                     filter_field("device", request.filter.devices, device_of),
                     filter_field("pool", request.filter.pools, pool)});
    } else {
        read_fields(json, "", {command});
    }
    return request;
}

}  // namespace

bool parse_control_request(std::string_view line, ControlRequest& request, std::string& error) {
    try {
        request = read_request(parse_json(line));
        return true;
    } catch (const JsonProblem& problem) {
        error = std::string("request: ") + problem.what();
        return false;
    }
}

}  // namespace tidemark::collector
