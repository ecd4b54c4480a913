// SPDX-License-Identifier: Apache-2.0
//
// A verb of `tidemark` as a person runs it: what it prints, and its exit status.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/process/child_process.hpp"

namespace tidemark::test {

struct Ran {
    int status = -1;  // as a shell gives it
    std::string out;
};

inline Ran run(const Words& words, const Variables& variables = {}) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t pid = start(words, variables, ends[1]);
    close(ends[1]);
    Ran ran;
    char bytes[65536];
    for (ssize_t size = 0; (size = read(ends[0], bytes, sizeof bytes)) > 0;)
        ran.out.append(bytes, static_cast<std::size_t>(size));
    close(ends[0]);
    const int status = wait_until_ended(pid);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

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
