// SPDX-License-Identifier: Apache-2.0
//
// How a kill_subject is brought before each point of the producer's side, with its lane in each state.
#pragma once

#include <string>
#include <vector>

#include "tests/process/child_process.hpp"

namespace tidemark::test {

enum class LaneState { kEmpty, kOne, kWrapping, kOneShort, kFull };
inline constexpr LaneState kLaneStates[] = {LaneState::kEmpty, LaneState::kOne,
                                            LaneState::kWrapping, LaneState::kOneShort,
                                            LaneState::kFull};

inline const char* name_of(LaneState state) {
    constexpr const char* kNames[] = {"empty", "one", "wrapping", "one short of full", "full"};
    return kNames[static_cast<int>(state)];
}

struct Operation {
    Words acts;                     // that pass the point; `child=` and `small=` arm a child only
    std::vector<LaneState> states;  // in which it can be passed
    Words before = {};              // acts after those that bring the state about
    Variables variables = {};
    std::uint64_t events =
        0;                    // instead of the state's own, where it is tied to a place in the lane
    std::uint64_t count = 1;  // the point is meant when it is passed for the count-th time
    bool wakes =
        false;  // the first event after a collector that slept was killed: its slot still says that it waits
};

inline std::vector<LaneState> all_states() {
    return {std::begin(kLaneStates), std::end(kLaneStates)};
}

inline Operation operation_of(const std::string& point) {
    using enum LaneState;
    const auto is = [&](const char* prefix) { return point.rfind(prefix, 0) == 0; };
    const Variables stacks{{"TIDEMARK_STACKS", "8"}};
    if (point == "create.discard") return {{"small=" + point}, {kOne, kWrapping}};
    // Passed before main(), so armed from the start.
    if (point == "create.bell_size")
        return {{"events=3"}, {kEmpty}, {}, {{"TIDEMARK_KILL_POINT", point + ":1:stop"}}};
    if (is("create.")) return {{"events=3"}, {kEmpty}};
    if (is("append.")) return {{"events=3"}, {kEmpty, kOne, kWrapping, kOneShort}};
    if (is("link.") || point == "bell.bytes") return {{"events=300"}, {kEmpty}, {}, {}, 200};
    if (point == "claim.owner")
        return {{"thread=5", "thread=5", "thread=5"}, all_states(), {"thread=5"}};
    if (is("claim.")) return {{"thread=5"}, all_states()};
    if (point == "declare.refused")
        return {{"refuse"}, {kOne, kWrapping, kOneShort, kFull}};  // there is no ring before
    if (is("declare.")) return {{"declare"}, all_states()};
    if (point == "bell.news" || point == "bell.take" || point == "bell.wake")
        return {{"events=30"}, {kWrapping}, {}, {}, 0, 1, true};
    if (is("loss.")) return {{"events=20"}, {kFull}, {}, {}, 0, 2};
    if (point == "stack.dropped")
        return {{"stacks"},
                {kEmpty, kOne},
                {},
                {{"TIDEMARK_STACKS", "32"}, {"TIDEMARK_RING_BUDGET", "8M"}}};
    if (is("module.")) return {{"events=3"}, {kEmpty}, {}, stacks};
    if (is("stack.")) return {{"thread=5"}, {kOne, kWrapping, kOneShort}, {}, stacks};
    if (point == "sandbox.poll_me") return {{"sandbox"}, {kEmpty, kOne, kWrapping}};
    if (point == "bell.recount") return {{"events=3"}, {kEmpty}};
    if (point == "bell.untracked" || point == "bell.untracked_name")
        return {{"child=" + point}, {kOne, kWrapping, kOneShort}};
    return {};
}

}  // namespace tidemark::test
