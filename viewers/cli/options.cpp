// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/options.hpp"

#include <pwd.h>
#include <strings.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "viewers/cli/failure.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

constexpr double kLongestRefreshSeconds = 86400;

std::vector<std::uint32_t> devices_of(const std::vector<std::string>& words) {
    std::vector<std::uint32_t> devices;
    for (const std::string& word : words) {
        if (word == "all") {
            return {};
        }
        const auto device = model::parse_device(word);
        if (!device) {
            usage_error("--device takes numbers, host or all, not '" + word + "'");
        }
        devices.push_back(*device);
    }
    return devices;
}

std::vector<std::int32_t> pids_of(const std::vector<std::string>& words) {
    std::vector<std::int32_t> pids;
    for (const std::string& word : words) {
        const auto pid = model::parse_unsigned(word);
        if (!pid || *pid == 0 ||
            *pid > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
            usage_error("--pid takes process ids, not '" + word + "'");
        }
        pids.push_back(static_cast<std::int32_t>(*pid));
    }
    return pids;
}

std::uint32_t uid_of(std::string_view flag, const std::string& word) {
    const auto number = model::parse_unsigned(word);
    if (number && *number < std::numeric_limits<std::uint32_t>::max()) {
        return static_cast<std::uint32_t>(*number);
    }
    const passwd* entry = getpwnam(word.c_str());
    if (entry == nullptr) {
        usage_error(std::string(flag) + ": there is no user '" + word + "'");
    }
    return entry->pw_uid;
}

std::uint64_t refresh_of(const RawOptions& raw) {
    if (raw.refresh_ms) {
        const std::uint64_t ms = whole_value("-r", *raw.refresh_ms);
        if (ms == 0 || static_cast<double>(ms) > kLongestRefreshSeconds * 1000) {
            usage_error("-r takes milliseconds from 1 to 86400000, not '" + *raw.refresh_ms + "'");
        }
        return ms;
    }
    if (!raw.watch_seconds) {
        return 1000;
    }
    char* end = nullptr;
    const double seconds = std::strtod(raw.watch_seconds->c_str(), &end);
    // Written so that NaN is refused as well.
    if (end == raw.watch_seconds->c_str() || *end != '\0' ||
        !(seconds >= 0.001 && seconds <= kLongestRefreshSeconds)) {
        usage_error("--watch takes seconds (0.001 to 86400), not '" + *raw.watch_seconds + "'");
    }
    return static_cast<std::uint64_t>(std::lround(seconds * 1000));
}

std::string format_of(const RawOptions& raw) {
    std::vector<std::string> asked;
    if (raw.json) {
        asked.emplace_back("json");
    }
    if (raw.csv) {
        asked.emplace_back("csv");
    }
    if (raw.format) {
        asked.push_back(*raw.format == "ndjson" ? "json" : *raw.format);
    }
    if (!std::equal(asked.begin() + (asked.empty() ? 0 : 1), asked.end(), asked.begin())) {
        usage_error("--json, --csv and --format ask for different formats: choose one");
    }
    return asked.empty() ? std::string() : asked.front();
}

ColorChoice color_of(const RawOptions& raw) {
    const std::string choice = raw.color.value_or("auto");
    if (choice == "auto") {
        return ColorChoice::kAuto;
    }
    if (choice != "always" && choice != "never") {
        usage_error("--color takes auto, always or never, not '" + choice + "'");
    }
    return choice == "always" ? ColorChoice::kAlways : ColorChoice::kNever;
}

std::optional<std::uint64_t> count_of(const RawOptions& raw) {
    if (!raw.count) {
        return raw.once ? std::optional<std::uint64_t>(1) : std::nullopt;
    }
    const std::uint64_t count = whole_value("--count", *raw.count);
    if (count == 0) {
        usage_error("--count takes a number from 1 on");
    }
    return raw.once ? 1 : count;
}

}  // namespace

void RawOptions::add_to(OptionSet& set) {
    set.list("-d,--device", devices);
    set.list("-p,--pid", pids);
    set.list("-u,--user", users);
    set.list("--pool", pools);
    set.optional_value("-w,--watch", watch, watch_seconds);
    set.text("-r,--refresh", refresh_ms);
    set.text("-n,--count", count);
    set.flag("-1,--once", once);
    set.text("--format", format);
    set.flag("--json", json);
    set.flag("--csv", csv);
    set.flag("--noheader", noheader);
    set.flag("--nounits", nounits);
    set.text("-o,--output", output);
    set.flag("-f,--force", force);
    set.text("--color", color);
    set.flag("--ascii", ascii);
    set.text("--instance", instance);
    set.text("--trust-uid", trust_uid);
}

Options check(const RawOptions& raw) {
    Options options;
    options.filter.devices = devices_of(raw.devices);
    options.filter.pids = pids_of(raw.pids);
    for (const std::string& word : raw.users) {
        options.filter.uids.push_back(uid_of("--user", word));
    }
    options.filter.pools = raw.pools;
    std::erase_if(options.filter.pools, [](const std::string& pool) { return pool == "all"; });
    options.refresh_ms = refresh_of(raw);
    options.count = count_of(raw);
    options.watching = !raw.once && (raw.watch || options.count.value_or(0) > 1);
    options.is_paced = raw.watch || raw.refresh_ms || raw.count || raw.once;
    options.format = format_of(raw);
    options.header = !raw.noheader;
    options.units = !raw.nounits;
    options.output = raw.output;
    options.force = raw.force;
    options.color = color_of(raw);
    options.ascii = raw.ascii;
    options.source.instance = raw.instance;
    if (raw.trust_uid) {
        options.source.trusted_uid = uid_of("--trust-uid", *raw.trust_uid);
    }
    return options;
}

std::string require_format(const Options& options, std::string_view verb, std::string_view fallback,
                           std::initializer_list<std::string_view> offered) {
    if (options.format.empty()) {
        return std::string(fallback);
    }
    if (std::find(offered.begin(), offered.end(), options.format) != offered.end()) {
        return options.format;
    }
    std::string list;
    for (const std::string_view format : offered) {
        list += (list.empty() ? "" : ", ") + std::string(format);
    }
    usage_error("`" + std::string(verb) + "` has no format '" + options.format +
                "'; it has: " + list);
}

void refuse_watching(const Options& options, std::string_view verb) {
    if (options.watching) {
        usage_error("`" + std::string(verb) + "` shows one moment: leave out -w and -n");
    }
}

std::uint64_t size_value(std::string_view flag, const std::string& text) {
    const auto size = model::parse_size(text);
    if (!size) {
        usage_error(std::string(flag) + " takes a size such as 4096, 512K or 1.5GB, not '" + text +
                    "'");
    }
    return *size;
}

std::uint64_t whole_value(std::string_view flag, const std::string& text) {
    const auto value = model::parse_unsigned(text);
    if (!value) {
        usage_error(std::string(flag) + " takes a whole number, not '" + text + "'");
    }
    return *value;
}

}  // namespace tidemark::cli
