// SPDX-License-Identifier: Apache-2.0
#include "models/checker/explorer.hpp"

namespace tidemark::model {

Explorer* explorer;

const char* name_of(Part part) {
    switch (part) {
        case Part::kAcquire:
            return "acquire";
        case Part::kRelease:
            return "release";
        case Part::kFailure:
            return "failure";
        case Part::kFence:
            return "fence";
        case Part::kBarrier:
            return "barrier";
    }
    return "";
}

unsigned Explorer::choose(unsigned count) {
    if (count <= 1) return 0;
    if (depth_ == choices_.size()) choices_.push_back({0, count});
    const Choice& choice = choices_[depth_++];
    if (choice.count != count) {
        fail("the checker itself: an execution was not repeated as it was");
        return 0;
    }
    return choice.chosen;
}

bool Explorer::is_new_state(std::uint64_t hash) {
    if (depth_ < replayed_) return true;
    return visited_.insert(hash).second;
}

void Explorer::fail(const std::string& what) {
    if (result_.counter_example.empty()) result_.counter_example = what;
}

bool Explorer::has(std::uintptr_t address, Part part) {
    result_.sites.insert({address, part});
    return weak_.count({address, part}) == 0;
}

Order Explorer::at_site(std::uintptr_t address, Order order, bool is_failure) {
    if (order.acquires) order.acquires = has(address, is_failure ? Part::kFailure : Part::kAcquire);
    if (order.releases) order.releases = has(address, Part::kRelease);
    return order;
}

bool Explorer::may_hold_stores() const {
    if (model_.compiler_may_reorder) return false;
    for (const Site& site : weak_)
        if (site.part == Part::kFence) return true;
    return false;
}

void Explorer::tell(const std::string& line) {
    if (tracing_) result_.trace.push_back(line);
}

// The last question that has another answer gets it; those after it are asked anew.
bool Explorer::next() {
    while (!choices_.empty() && choices_.back().chosen + 1 == choices_.back().count)
        choices_.pop_back();
    if (choices_.empty()) return false;
    ++choices_.back().chosen;
    return true;
}

Result Explorer::run() {
    explorer = this;
    do {
        depth_ = 0;
        replayed_ = choices_.size();
        ++result_.executions;
        execute(model_);
    } while (!has_failed() && next());
    result_.states = visited_.size();
    if (has_failed()) {
        // Once more, telling.
        choices_.resize(depth_);
        tracing_ = true;
        depth_ = 0;
        replayed_ = choices_.size() + 1;
        execute(model_);
    }
    explorer = nullptr;
    return result_;
}

Result explore(const Model& model, const std::set<Site>& weakened) {
    return Explorer(model, weakened).run();
}

}  // namespace tidemark::model
