// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/leak_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

using Json = nlohmann::json;

template <typename T>
std::optional<T> number(const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_number_integer() ? std::optional(at->get<T>())
                                                         : std::nullopt;
}

std::string text(const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::uint32_t> device_of(const Json& object) {
    const auto at = object.find("device");
    if (at == object.end()) {
        return std::nullopt;
    }
    return parse_device(at->is_string() ? at->get<std::string>() : at->dump());
}

// False if the object is no leak.
bool add_leak(const Json& object, LeakFile& file) {
    if (!object.is_object()) {
        return false;
    }
    const auto device = device_of(object);
    const auto size = number<std::uint64_t>(object, "size");
    if (!device || !size) {
        return false;
    }
    Buffer leak;
    leak.pid = number<std::int32_t>(object, "pid");
    leak.device = *device;
    leak.pool_index = file.leaks.pool_index(text(object, "pool"));
    leak.id = number<std::uint64_t>(object, "id").value_or(0);
    leak.size = *size;
    leak.age_ms = number<std::uint64_t>(object, "age_ms");
    leak.image = std::strtoull(text(object, "image").c_str(), nullptr, 16);
    file.leaks.buffers.push_back(leak);
    return true;
}

bool take_document(const Json& document, LeakFile& file) {
    const auto leaks = document.find("leaks");
    if (leaks == document.end() || !leaks->is_array()) {
        return false;
    }
    for (const Json& leak : *leaks) {
        add_leak(leak, file);
    }
    const auto processes = document.find("processes");
    if (processes != document.end() && processes->is_array()) {
        for (const Json& process : *processes) {
            if (const auto pid = number<std::int32_t>(process, "pid")) {
                file.names[*pid] = text(process, "name");
            }
        }
    }
    return true;
}

// Every line must be JSON; a last line without its end may be cut off by a writer that still writes.
bool take_lines(const std::string& content, LeakFile& file, std::string& error) {
    std::istringstream lines(content);
    std::string line;
    for (std::size_t at = 1; std::getline(lines, line); ++at) {
        const Json object = Json::parse(line, nullptr, false);
        if (line.empty() || (object.is_discarded() && lines.eof() && at > 1)) {
            continue;
        }
        if (!object.is_object()) {
            error = "line " + std::to_string(at) + " is not a JSON object";
            return false;
        }
        if (text(object, "op") == "leak") {
            add_leak(object, file);
        }
    }
    return true;
}

}  // namespace

std::optional<LeakFile> read_leak_file(const std::string& path, std::string& error) {
    std::ifstream stream(path, std::ios::binary);
    std::stringstream content;
    content << stream.rdbuf();
    if (!stream.is_open()) {
        error = std::strerror(errno);
        return std::nullopt;
    }
    const std::string all = content.str();
    LeakFile file;
    const Json document = Json::parse(all, nullptr, false);
    if (document.is_object() && take_document(document, file)) {
        return file;
    }
    if (all.empty() || take_lines(all, file, error)) {
        return file;
    }
    return std::nullopt;
}

}  // namespace tidemark::model
