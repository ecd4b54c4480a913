// SPDX-License-Identifier: Apache-2.0
//
// `tidemark events`: follows what the collector applies, as text or as lines of JSON.
#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "viewers/cli/buffer_text.hpp"
#include "viewers/cli/control_client.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/cli/watch.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kAnswerMs = 5000;
constexpr std::size_t kPiece = 65536;

class Events final : public Command {
public:
    const char* name() const override { return "events"; }
    const char* summary() const override {
        return "follow allocations, frees, leaks, starts and exits";
    }
    const char* help() const override {
        return R"(Usage: tidemark events [options]

Follows events until interrupted: alloc, free, leak, start, exec, exit. A reader
that is too slow is told how many it missed; programs are never slowed down.
For the collector's user and root.

  --json                  one JSON object a line (--format json), else text
  -n, --count N           ends after so many
  -d, --device 0,2|all    -p, --pid PID    --pool POOL
  --nounits               bytes and ids as bare numbers
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii
  --instance NAME         another collector's; --trust-uid UID

Exit status: 0 when interrupted or after N events; 2 for a wrong command line;
3 without a collector, or when it ends.

Examples:
  tidemark events -p 1234
  tidemark events --json --pool L1 | jq -c 'select(.size > 1048576)'
  tidemark events -n 100 -o events.txt
)";
    }
    int run(const Invocation& invocation) override;
};

// The collector filters by one value of each; the rest is done here.
Json request_of(const model::Filter& filter) {
    Json request = {{"command", "events"}};
    if (filter.pids.size() == 1) {
        request["pid"] = filter.pids.front();
    }
    if (filter.devices.size() == 1) {
        const std::uint32_t device = filter.devices.front();
        request["device"] = device == TIDEMARK_DEVICE_HOST ? Json("host") : Json(device);
    }
    if (filter.pools.size() == 1) {
        request["pool"] = filter.pools.front();
    }
    return request;
}

std::string text_of_key(const Json& event, const char* key) {
    const auto at = event.find(key);
    if (at == event.end() || at->is_null()) {
        return {};
    }
    return at->is_string() ? at->get<std::string>() : at->dump();
}

std::optional<std::uint64_t> number_of_key(const Json& event, const char* key) {
    const auto at = event.find(key);
    return at != event.end() && at->is_number_integer() ? std::optional(at->get<std::uint64_t>())
                                                        : std::nullopt;
}

// Events without a device (start, exit) pass every filter but that of processes.
bool wanted(const Json& event, const model::Filter& filter) {
    const auto pid = number_of_key(event, "pid");
    const auto& pids = filter.pids;
    if (!pids.empty() && pid &&
        std::find(pids.begin(), pids.end(), static_cast<std::int32_t>(*pid)) == pids.end()) {
        return false;
    }
    const auto device = model::parse_device(text_of_key(event, "device"));
    const std::string pool = text_of_key(event, "pool");
    return (!device || filter.wants_device(*device)) && (pool.empty() || filter.wants_pool(pool));
}

Style style_of(const std::string& op) {
    if (op == "leak" || op == "dropped") {
        return Style::kBad;
    }
    return op == "alloc" ? Style::kGood : op == "free" ? Style::kPlain : Style::kAccent;
}

// The time of day of events. Many fall into one second, and a time zone costs more than all the rest of a line.
class TimeOfDay {
public:
    std::string text(std::uint64_t unix_ns) {
        if (unix_ns == 0) {
            return "--:--:--.------";
        }
        if (unix_ns / 1'000'000'000 != second_) {
            second_ = unix_ns / 1'000'000'000;
            text_ = model::format_iso_time(unix_ns).substr(11, 8);
        }
        std::array<char, 16> micros{};
        std::snprintf(micros.data(), micros.size(), ".%06u",
                      static_cast<unsigned>(unix_ns / 1000 % 1'000'000));
        return text_ + micros.data();
    }

private:
    std::uint64_t second_ = 0;
    std::string text_;
};

std::string event_text(const Json& event, const Options& options, const Terminal& terminal,
                       TimeOfDay& time) {
    const std::string op = text_of_key(event, "op");
    if (op == "dropped") {
        return terminal.paint(Style::kBad, "               dropped  " +
                                               text_of_key(event, "count") +
                                               " events: this reader was too slow") +
               '\n';
    }
    const auto id = number_of_key(event, "id");
    const auto size = number_of_key(event, "size");
    const auto age = number_of_key(event, "age_ms");
    const std::string size_text = !size           ? (id ? "N/A" : "")
                                  : options.units ? model::format_bytes(*size)
                                                  : std::to_string(*size);
    const std::string id_shown = !id ? "" : options.units ? id_text(*id) : std::to_string(*id);
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "%8s  %-4s %-13s %12s  %-18s",
                  text_of_key(event, "pid").c_str(), text_of_key(event, "device").c_str(),
                  text_of_key(event, "pool").c_str(), size_text.c_str(), id_shown.c_str());
    std::string text = line.data();
    if (age) {
        text += " age " + model::format_duration(*age);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return time.text(number_of_key(event, "time_unix_ns").value_or(0)) + "  " +
           terminal.paint(style_of(op), (op + "     ").substr(0, 5)) + " " +
           model::printable(text) + '\n';
}

ControlClient subscribe(const model::StatsSource& source, const Options& options) {
    const std::string path(source.reader().control_socket());
    std::string error;
    auto client = ControlClient::connect(path, error);
    if (!client) {
        unavailable("cannot follow events: " + error +
                    "; is the collector yours, and does it run? (`tidemark doctor`)");
    }
    std::string line;
    if (!client->send(request_of(options.filter)) ||
        client->read_line(line, kAnswerMs) != ControlClient::Read::kLine ||
        !parse_answer(line, error)) {
        unavailable(
            "cannot follow events: " + (error.empty() ? "the collector does not answer" : error) +
            "; `tidemark doctor` looks why");
    }
    return std::move(*client);
}

int Events::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    const bool json = require_format(options, "events", "text", {"text", "json"}) == "json";
    const auto source = open_source(options);
    ControlClient client = subscribe(source, options);
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    Interrupts interrupts;
    TimeOfDay time;
    std::string line;
    std::string text;  // written once nothing more is at hand: a reader that is slow loses events
    for (std::uint64_t shown = 0; !options.count || shown < *options.count;) {
        if (!client.has_line() || text.size() > kPiece) {
            output.write(text);
            text.clear();
        }
        const auto result = client.read_line(line, -1, interrupts.fd());
        if (result == ControlClient::Read::kInterrupted) {
            return kOk;
        }
        if (result != ControlClient::Read::kLine) {
            unavailable("the collector ended, so there are no more events; `" +
                        start_command(options) + "` starts it");
        }
        const Json event = Json::parse(line, nullptr, false);
        if (!event.is_object() || !wanted(event, options.filter)) {
            continue;
        }
        text += json ? line + '\n' : event_text(event, options, terminal, time);
        ++shown;
    }
    output.write(text);
    return kOk;
}

}  // namespace

std::unique_ptr<Command> make_events() { return std::make_unique<Events>(); }

}  // namespace tidemark::cli
