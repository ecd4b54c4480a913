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

std::uint64_t Parameters::number(std::string_view name, std::uint64_t fallback,
                                 std::uint64_t highest) {
    const auto given = target_.parameter(name);
    if (!given) {
        return fallback;
    }
    const auto value = model::parse_unsigned(*given);
    if (!value || *value > highest) {
        wrong(name, "a whole number up to " + std::to_string(highest));
    }
    return value.value_or(fallback);
}

std::string Parameters::one_of(std::string_view name,
                               std::initializer_list<std::string_view> words) {
    std::string given = target_.parameter(name).value_or(std::string(*words.begin()));
    if (std::find(words.begin(), words.end(), given) == words.end()) {
        wrong(name, "one of " + joined(words));
    }
    return given;
}

std::string Parameters::text(std::string_view name) const {
    return target_.parameter(name).value_or("");
}

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

Page Parameters::page(std::size_t most) {
    Page page;
    page.offset = number("offset", 0, std::numeric_limits<std::uint32_t>::max());
    page.limit = number("limit", kDefaultEntries, most);
    return page;
}

model::Filter Parameters::filter() {
    model::Filter filter;
    for (const std::string& word : list("device")) {
        const auto device = model::parse_device(word);
        if (!device) {
            wrong("device", "numbers and host");
        } else {
            filter.devices.push_back(*device);
        }
    }
    for (const std::string& word : list("pid")) {
        const auto pid = model::parse_unsigned(word);
        if (!pid || *pid > std::numeric_limits<std::int32_t>::max()) {
            wrong("pid", "process ids");
        } else {
            filter.pids.push_back(static_cast<std::int32_t>(*pid));
        }
    }
    filter.pools = list("pool");
    return filter;
}

}  // namespace tidemark::web
