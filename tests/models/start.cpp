// SPDX-License-Identifier: Apache-2.0
//
// What a process settles once: its settings, its ring's state, its sandbox. Threads that come first, and threads that
// find it settled.
#include "producer/start.cpp"

#include "models/parts.hpp"
#include "models/process.hpp"

namespace tidemark::model {
namespace {

using producer::inherited;
using producer::Mode;
using producer::process_page;
using producer::ProcessState;
using producer::Sandbox;

std::uint64_t calls;

void begin_undecided() {
    begin_with_room();
    share(&inherited, sizeof inherited);
    share(&producer::detail::mode, sizeof producer::detail::mode);
}
void decide_first() { producer::start(producer::StartMode::kFirstUse); }
void find_decided() {
    if (producer::current_mode() != Mode::kOn) return;
    require(inherited.settings.enabled && inherited.settings.budget == 7,
            "who finds tracking on finds the settings");
}

void begin_stateless() {
    begin_with_room();
    process_page.state = nullptr;
}
void fill_state() {
    state.pid = 7;
    producer::publish_state(state);
}
void find_state() {
    const ProcessState* found = producer::current_state();
    require(found == nullptr || found->pid == 7, "who finds the state finds it complete");
}

// A thread that makes system calls, and one that enters a sandbox for all threads.
void begin_sandbox() {
    begin_with_room();
    share(&inherited.sandbox, sizeof inherited.sandbox);
    share(&calls, sizeof calls);
}
void make_calls() {
    const producer::SystemCalls allowed;
    if (allowed) calls = calls + 1;
}
void enter() {
    producer::announce(Sandbox::kFilter, Sandbox::kNone);
    require(calls <= 1, "nobody calls any more");
    calls = 2;
}
void nothing() {}

}  // namespace

void add_start_models(std::vector<Model>& all) {
    all.push_back(
        {"settings", "decided, found", begin_undecided, {{decide_first}, {find_decided}}, nothing});
    all.push_back({"process's state",
                   "filled, found",
                   begin_stateless,
                   {{fill_state}, {find_state}},
                   nothing});
    all.push_back({"sandbox",
                   "one thread calls, one enters",
                   begin_sandbox,
                   {{make_calls}, {enter}},
                   nothing});
}

}  // namespace tidemark::model
