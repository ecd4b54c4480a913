// SPDX-License-Identifier: Apache-2.0
#include "collector/json_fields.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "collector/quantity.hpp"

namespace tidemark::collector {
namespace {

// More than anything here needs, and little enough for what walks a value by calling itself.
constexpr int kDeepest = 64;

std::string child(const std::string& where, std::string_view key) {
    return where.empty() ? std::string(key) : where + "." + std::string(key);
}

std::string known_keys(std::initializer_list<JsonField> fields) {
    std::string list;
    for (const JsonField& field : fields)
        list.append(list.empty() ? "" : ", ").append(field.key);
    return list;
}

std::string range(std::uint64_t least, std::uint64_t most) {
    return "from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

Json parse_json(std::string_view text) {
    std::vector<std::set<std::string>> open;
    const auto refuse_repeats = [&open](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kDeepest) throw JsonProblem("is not JSON for this: nested more than 64 deep");
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event == Json::parse_event_t::key && !open.back().insert(parsed).second) {
            throw JsonProblem("key " + parsed.dump() + " stands twice in one object");
        }
        return true;
    };
    try {
        return Json::parse(text, refuse_repeats);
    } catch (const Json::exception& problem) {
        // "[json.exception.parse_error.101] parse error at line 1, ...": the bracket is the library's own numbering.
        const std::string_view what = problem.what();
        const std::size_t bracket = what.find("] ");
        throw JsonProblem("is not JSON: " +
                          std::string(what.substr(bracket == what.npos ? 0 : bracket + 2)));
    }
}

void read_fields(const Json& object, const std::string& where,
                 std::initializer_list<JsonField> fields) {
    if (!object.is_object()) json_problem(where.empty() ? "the whole" : where, object, "an object");
    for (const auto& [key, value] : object.items()) {
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [&key = key](const JsonField& f) { return f.key == key; });
        if (field == fields.end()) {
            throw JsonProblem("unknown key " + Json(child(where, key)).dump() +
                              "; known here: " + known_keys(fields));
        }
        field->read(value, child(where, key));
    }
}

void json_problem(const std::string& where, const Json& value, std::string_view wanted) {
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 80) text = text.substr(0, 77) + "...";
    throw JsonProblem(where + ": " + text + " is not " + std::string(wanted));
}

std::string text_of(const Json& value, const std::string& where, std::size_t longest) {
    const std::string wanted =
        "a text of at most " + std::to_string(longest) + " bytes without control characters";
    if (!value.is_string()) json_problem(where, value, wanted);
    std::string text = value.get<std::string>();
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    });
    if (text.size() > longest || !printable) json_problem(where, value, wanted);
    return text;
}

std::uint64_t integer_of(const Json& value, const std::string& where, std::uint64_t least,
                         std::uint64_t most) {
    const std::string wanted = "an integer " + range(least, most);
    if (!value.is_number_unsigned()) json_problem(where, value, wanted);
    const auto number = value.get<std::uint64_t>();
    if (number < least || number > most) json_problem(where, value, wanted);
    return number;
}

std::uint64_t size_of(const Json& value, const std::string& where, std::uint64_t least,
                      std::uint64_t most) {
    const std::string wanted = "a size " + range(least, most) + " bytes, such as 4096 or \"12G\"";
    std::uint64_t size = 0;
    if (value.is_number_unsigned()) {
        size = value.get<std::uint64_t>();
    } else if (value.is_string()) {
        const auto parsed = parse_size(value.get_ref<const std::string&>());
        if (!parsed) json_problem(where, value, wanted);
        size = *parsed;
    } else {
        json_problem(where, value, wanted);
    }
    if (size < least || size > most) json_problem(where, value, wanted);
    return size;
}

std::uint32_t device_of(const Json& value, const std::string& where) {
    const auto device = value.is_number_unsigned()
                            ? parse_device(std::to_string(value.get<std::uint64_t>()))
                        : value == "host" ? parse_device("host")
                                          : std::nullopt;
    if (!device) json_problem(where, value, "a device: a number from 0 to 65534, or \"host\"");
    return *device;
}

}  // namespace tidemark::collector
