// SPDX-License-Identifier: Apache-2.0
//
// Test builds only, but threads there too: a kill point that is armed while another thread passes one.
#ifndef TIDEMARK_KILL_POINTS
#define TIDEMARK_KILL_POINTS 1
#endif
#include "shm/kill_point.cpp"

#include "models/parts.hpp"

namespace tidemark::model {
namespace {

void begin() {
    share(&shm::state, sizeof shm::state);
    share(shm::armed_name, sizeof shm::armed_name);
    share(&shm::remaining, sizeof shm::remaining);
    share(&shm::armed_signal, sizeof shm::armed_signal);
    shm::state = shm::kDisarmed;
}
void arm() { shm::kill_point_arm("here:9"); }
void pass() { shm::kill_point_reached("here"); }
void nothing() {}

}  // namespace

void add_kill_point_models(std::vector<Model>& all) {
    all.push_back({"kill point", "armed, passed", begin, {{arm}, {pass}}, nothing});
}

}  // namespace tidemark::model
