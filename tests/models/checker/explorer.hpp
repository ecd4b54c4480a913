// SPDX-License-Identifier: Apache-2.0
//
// Runs a model again and again, each time with the next sequence of answers to all questions (who goes on, which
// message a load answers, who is killed), until there is none left. An execution that comes to a state where another
// one was before is not followed: everything that can happen from there has been seen.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "models/checker/model.hpp"
#include "models/checker/order.hpp"

namespace tidemark::model {

enum class Part { kAcquire, kRelease, kFailure, kFence, kBarrier };
const char* name_of(Part part);

// Where the code asks for an order: the address that its call returns to, and what it asks for.
struct Site {
    std::uintptr_t address;
    Part part;
    auto operator<=>(const Site&) const = default;
};

struct Result {
    std::uint64_t executions = 0;
    std::uint64_t states = 0;
    std::uint64_t cut = 0;        // went on for longer than the model's bound
    std::string counter_example;  // empty: there is none
    std::vector<std::string> trace;
    std::set<Site> sites;  // whose orders the model passed through
};

// Every execution of the model, or as many as it takes to find a counter-example; `weakened`: without these orders.
Result explore(const Model& model, const std::set<Site>& weakened);

// The one exploration that is under way.
class Explorer {
public:
    Explorer(const Model& model, const std::set<Site>& weakened) : model_(model), weak_(weakened) {}
    Result run();

    unsigned choose(unsigned count);
    // False: this state was visited.
    bool is_new_state(std::uint64_t hash);
    void fail(const std::string& what);
    void cut() { ++result_.cut; }
    Order at_site(std::uintptr_t address, Order order, bool is_failure = false);
    bool has(std::uintptr_t address, Part part);
    // A mutant without a signal fence, of a model that does not undo stores for that.
    bool may_hold_stores() const;
    void tell(const std::string& line);
    bool is_tracing() const { return tracing_; }
    bool has_failed() const { return !result_.counter_example.empty(); }

private:
    struct Choice {
        unsigned chosen, count;
    };
    bool next();

    const Model& model_;
    const std::set<Site>& weak_;
    Result result_;
    std::vector<Choice> choices_;
    std::size_t depth_ = 0;
    std::size_t replayed_ = 0;
    std::unordered_set<std::uint64_t> visited_;
    bool tracing_ = false;
};

extern Explorer* explorer;

// One execution, from setup to check.
void execute(const Model& model);

}  // namespace tidemark::model
