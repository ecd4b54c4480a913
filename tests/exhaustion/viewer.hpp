// SPDX-License-Identifier: Apache-2.0
//
// A verb of `tidemark` as a person runs it: what it prints, and its exit status.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/process/ran.hpp"

namespace tidemark::test {

inline Ran view(const std::string& instance, Words words) {
    words.insert(words.begin(), built("tidemark"));
    words.insert(words.end(), {"--instance", instance});
    return run(words);
}

inline nlohmann::json query(const std::string& instance) {
    const Ran ran = view(instance, {"query", "--json"});
    REQUIRE(ran.status == 0);
    return nlohmann::json::parse(ran.out);
}

inline nlohmann::json process_in(const nlohmann::json& snapshot, pid_t pid) {
    for (const nlohmann::json& process : snapshot.at("processes"))
        if (process.at("pid") == pid) return process;
    return {};
}

}  // namespace tidemark::test
