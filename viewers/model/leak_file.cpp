// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/leak_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

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

// Call sites are texts by then; the same ones are kept once.
std::uint32_t stack_of(const Json& object, LeakFile& file,
                       std::map<std::string, std::uint32_t>& known) {
    const auto at = object.find("stack");
    if (at == object.end() || !at->is_array() || at->empty()) {
        return 0;
    }
    const auto [place, is_new] =
        known.try_emplace(at->dump(-1, ' ', false, Json::error_handler_t::replace), 0);
    if (is_new) {
        CallStack stack;
        stack.named = true;
        for (const Json& frame : *at) {
            if (frame.is_string()) {
                stack.frames.push_back(parse_frame(frame.get<std::string>()));
            }
        }
        file.leaks.stacks.push_back(std::move(stack));
        place->second = static_cast<std::uint32_t>(file.leaks.stacks.size());
    }
    return place->second;
}

// False if the object is no leak.
bool add_leak(const Json& object, LeakFile& file, std::map<std::string, std::uint32_t>& stacks) {
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
    leak.stack = stack_of(object, file, stacks);
    file.leaks.buffers.push_back(leak);
    return true;
}

// Takes the document apart while it is parsed: a list of leaks may hold millions, and as a tree each costs a kilobyte.
class DocumentReader {
public:
    explicit DocumentReader(LeakFile& file) : file_(file) {}

    // False if the stream is no JSON document with a list of leaks.
    bool read(std::istream& stream) {
        const auto callback = [this](int depth, Json::parse_event_t event, Json& parsed) {
            return keep(depth, event, parsed);
        };
        const Json document = Json::parse(stream, callback, false);
        return document.is_object() && has_leaks_;
    }

private:
    // Members of the document are at depth 1, elements of its lists at depth 2.
    bool keep(int depth, Json::parse_event_t event, Json& parsed) {
        if (depth == 1 && event == Json::parse_event_t::key) {
            member_ = parsed.get<std::string>();
            has_leaks_ = has_leaks_ || member_ == "leaks";
        }
        if (depth != 2 || event != Json::parse_event_t::object_end) {
            return true;
        }
        if (member_ == "leaks") {
            add_leak(parsed, file_, stacks_);
        } else if (member_ == "processes") {
            if (const auto pid = number<std::int32_t>(parsed, "pid")) {
                file_.names[*pid] = text(parsed, "name");
            }
        }
        return false;
    }

    LeakFile& file_;
    std::map<std::string, std::uint32_t> stacks_;
    std::string member_;
    bool has_leaks_ = false;
};

// Every line must be JSON; a last line without its end may be cut off by a writer that still writes.
bool take_lines(std::istream& lines, LeakFile& file, std::string& error) {
    std::string line;
    std::map<std::string, std::uint32_t> stacks;
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
            add_leak(object, file, stacks);
        }
    }
    return true;
}

}  // namespace

std::optional<LeakFile> read_leak_file(const std::string& path, std::string& error) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    stream.peek();
    if (!stream.is_open() || stream.bad()) {
        error = errno != 0 ? std::strerror(errno) : "it cannot be read";
        return std::nullopt;
    }
    stream.clear();
    LeakFile document;
    if (DocumentReader(document).read(stream)) {
        return document;
    }
    stream.clear();
    stream.seekg(0);
    LeakFile lines;
    return take_lines(stream, lines, error) ? std::optional(std::move(lines)) : std::nullopt;
}

}  // namespace tidemark::model
