// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/parameters.hpp"

#include <algorithm>
#include <limits>

#include "viewers/model/names.hpp"
#include "viewers/model/units.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::web {
namespace {

template <typename Words>
std::string joined(const Words& words) {
    std::string text;
    for (const std::string_view word : words) {
        text += (text.empty() ? "" : ", ") + std::string(word);
    }
    return text;
}

}  // namespace

Parameters::Parameters(const Target& target, std::initializer_list<std::string_view> known)
    : target_(target) {
    for (const auto& [name, value] : target.parameters) {
        if (std::find(known.begin(), known.end(), name) == known.end() && !problem_) {
            problem_ =
                error_response(400, "there is no parameter '" + name + "' here",
                               known.size() == 0 ? "leave it out" : "there are: " + joined(known));
        }
    }
}

void Parameters::wrong(std::string_view name, const std::string& takes) {
    if (!problem_) {
        problem_ = error_response(400,
                                  std::string(name) + " takes " + takes + ", not '" +
                                      target_.parameter(name).value_or("") + "'",
                                  "/api/v1/openapi.json describes all parameters");
    }
}

std::optional<std::string> Parameters::single(std::string_view name) {
    const auto count = std::count_if(target_.parameters.begin(), target_.parameters.end(),
                                     [&](const auto& given) { return given.first == name; });
    if (count > 1 && !problem_) {
        problem_ = error_response(400, std::string(name) + " is given twice", "give it once");
    }
    return target_.parameter(name);
}

std::uint64_t Parameters::number(std::string_view name, std::uint64_t fallback,
                                 std::uint64_t highest, std::uint64_t lowest) {
    const auto given = single(name);
    if (!given) {
        return fallback;
    }
    const auto value = model::parse_unsigned(*given);
    if (!value || *value > highest || *value < lowest) {
        wrong(name, "a whole number " +
                        (lowest == 0 ? "up to " : "from " + std::to_string(lowest) + " to ") +
                        std::to_string(highest));
    }
    return value.value_or(fallback);
}

std::string Parameters::one_of(std::string_view name,
                               std::initializer_list<std::string_view> words) {
    std::string given = single(name).value_or(std::string(*words.begin()));
    if (std::find(words.begin(), words.end(), given) == words.end()) {
        wrong(name, "one of " + joined(words));
    }
    return given;
}

std::string Parameters::text(std::string_view name) { return single(name).value_or(""); }

std::vector<std::string> Parameters::list(std::string_view name) const {
    std::vector<std::string> words;
    for (const auto& [key, value] : target_.parameters) {
        for (std::size_t begin = 0; key == name && begin <= value.size();) {
            const std::size_t end = std::min(value.find(',', begin), value.size());
            if (end > begin) {
                words.push_back(value.substr(begin, end - begin));
            }
            begin = end + 1;
        }
    }
    return words;
}

std::vector<std::string> Parameters::numbers(std::string_view name, const std::string& takes) {
    for (const auto& [key, value] : target_.parameters) {
        if (key == name && value.empty()) {
            wrong(name, takes);
        }
    }
    return list(name);
}

Page Parameters::page(std::size_t most) {
    Page page;
    page.offset = number("offset", 0, std::numeric_limits<std::uint32_t>::max());
    page.limit = number("limit", kDefaultEntries, most);
    return page;
}

model::Filter Parameters::filter() {
    model::Filter filter;
    constexpr const char* kDevices = "numbers and host";
    constexpr const char* kPids = "process ids";
    for (const std::string& word : numbers("device", kDevices)) {
        const auto device = model::parse_device(word);
        if (!device) {
            wrong("device", kDevices);
        } else {
            filter.devices.push_back(*device);
        }
    }
    for (const std::string& word : numbers("pid", kPids)) {
        const auto pid = model::parse_unsigned(word);
        if (!pid || *pid > std::numeric_limits<std::int32_t>::max()) {
            wrong("pid", kPids);
        } else {
            filter.pids.push_back(static_cast<std::int32_t>(*pid));
        }
    }
    filter.pools = list("pool");
    return filter;
}

Selection Parameters::selection() { return {filter(), list("user"), text("name")}; }

}  // namespace tidemark::web
