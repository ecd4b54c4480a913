// SPDX-License-Identifier: Apache-2.0
//
// What threads of one program hand each other without a lock: stacks and unwind rules.
#include <cstring>

#include "models/parts.hpp"
#include "producer/stack_table.hpp"
#include "producer/unwind_rules.hpp"

namespace tidemark::model {
namespace {

alignas(4096) std::byte ring_memory[8192];
producer::StackTable table;
producer::UnwindRules rules;
shm::RawRing ring;
std::uint64_t published;  // stands in for the lane's head: SYNC(lane-head) hands an entry on
std::uint32_t numbers[2];

void begin_stacks() {
    share(ring_memory, 4096);
    share(&table, 256);
    // The index is as large as a ring's; what it does not hold is zero and stays so.
    share(table.index, sizeof table.index);
    share(&published, sizeof published);
    ring.base = ring_memory;
    table.begin(ring, 0, 2);
    table.ready = shm::kStackEntries;
    numbers[0] = numbers[1] = 0;
}
template <int i>
void number_stack() {
    const std::uint64_t stack[2] = {7, 8};
    bool is_new = false;
    numbers[i] = table.number_of(ring, stack, 2, false, is_new);
    require(numbers[i] != 0, "there is room");
    __atomic_store_n(&published, numbers[i], __ATOMIC_RELEASE);
}
void read_stack() {
    const std::uint64_t number = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
    if (number == 0) return;
    const auto* entry = reinterpret_cast<const std::uint64_t*>(ring_memory) + (number - 1) * 3;
    require(__atomic_load_n(entry, __ATOMIC_RELAXED) == 2, "a published stack is complete");
    require(__atomic_load_n(entry + 2, __ATOMIC_RELAXED) == 8, "a published stack is complete");
}
void one_number() { require(numbers[0] == numbers[1], "one stack has one number"); }
void nothing() {}

void begin_rules() { share(&rules, sizeof rules); }
void keep_rule() { rules.keep(9, producer::UnwindRule(true, 16, 0)); }
void find_rule() {
    producer::UnwindRule rule;
    if (rules.find(9, rule))
        require(rule.known() && rule.size() == 16, "who finds the address finds the rule");
}

}  // namespace

void add_private_models(std::vector<Model>& all) {
    all.push_back({"stacks",
                   "two threads with one stack, and the consumer",
                   begin_stacks,
                   {{number_stack<0>}, {number_stack<1>}, {read_stack}},
                   one_number});
    all.push_back(
        {"unwind rules", "one kept, one walk", begin_rules, {{keep_rule}, {find_rule}}, nothing});
}

}  // namespace tidemark::model
