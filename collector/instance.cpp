// SPDX-License-Identifier: Apache-2.0
#include "collector/instance.hpp"

namespace tidemark::collector {
namespace {

constexpr std::string_view kCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

std::string_view first_word(std::string_view name) { return name.substr(0, name.find('.')); }

bool has_word(std::string_view name, std::string_view word) {
    while (true) {
        if (first_word(name) == word) return true;
        const std::size_t point = name.find('.');
        if (point == std::string_view::npos) return false;
        name.remove_prefix(point + 1);
    }
}

}  // namespace

std::string default_instance(uid_t uid) {
    return uid == 0 ? "system" : "user-" + std::to_string(uid);
}

bool valid_instance(std::string_view name, std::string& error) {
    if (name.empty() || name.size() > kMaxInstanceName ||
        name.find_first_not_of(kCharacters) != std::string_view::npos) {
        error = "instance name '" + std::string(name.substr(0, 80)) +
                "' is not 1 to 63 characters of A-Z a-z 0-9 . _ -; choose another";
        return false;
    }
    const std::string_view first = first_word(name);
    if (first == "ring" || first == "tmp" || first == "bell" || has_word(name, "account")) {
        error = "instance name '" + std::string(name) +
                "' would collide with other shared-memory objects (it begins with the word ring, "
                "tmp or bell, or has the word account); choose another";
        return false;
    }
    return true;
}

}  // namespace tidemark::collector
