// SPDX-License-Identifier: Apache-2.0
//
// Reading a JSON object by a table of its keys: an unknown key, a key that stands twice, a wrong type or a value out of
// range is an error that names the key. Internal to the cold side; throws JsonProblem, which its callers catch.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tidemark::collector {

using Json = nlohmann::json;

// what(): "limits.image_quantum: 7 is ...", ready to stand behind the source's name.
struct JsonProblem : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct JsonField {
    std::string_view key;
    std::function<void(const Json& value, const std::string& where)> read;
};

// Parses the text; a key that stands twice in one object is a problem, as is anything after the value.
Json parse_json(std::string_view text);

// `where` is the object's path ("" at the top) and prefixes the names in problems.
void read_fields(const Json& object, const std::string& where,
                 std::initializer_list<JsonField> fields);

[[noreturn]] void json_problem(const std::string& where, const Json& value,
                               std::string_view wanted);
// A string of at most `longest` bytes without control characters.
std::string text_of(const Json& value, const std::string& where, std::size_t longest);
// An integer, or a string that parse_size understands, in [least, most].
std::uint64_t size_of(const Json& value, const std::string& where, std::uint64_t least,
                      std::uint64_t most);
std::uint64_t integer_of(const Json& value, const std::string& where, std::uint64_t least,
                         std::uint64_t most);
std::uint32_t device_of(const Json& value, const std::string& where);

}  // namespace tidemark::collector
