// SPDX-License-Identifier: Apache-2.0
//
// The checker's own examination: the known small programs of the memory model, with each choice of orders. The outcome
// that an order forbids must not be found; the one that it allows must be found.
#include "models/models.hpp"

namespace tidemark::model {
namespace {

std::uint64_t x, y;
std::uint64_t seen[4];

void begin() {
    share(&x, sizeof x);
    share(&y, sizeof y);
    for (auto& s : seen)
        s = 99;
}

template <int order>
void store(std::uint64_t& word, std::uint64_t value) {
    __atomic_store_n(&word, value, order);
}
template <int order>
std::uint64_t load(const std::uint64_t& word) {
    return __atomic_load_n(&word, order);
}
constexpr int kRelaxed = __ATOMIC_RELAXED, kAcquire = __ATOMIC_ACQUIRE, kRelease = __ATOMIC_RELEASE;

// Message passing.
template <int release>
void mp_writer() {
    store<kRelaxed>(x, 1);
    store<release>(y, 1);
}
template <int acquire>
void mp_reader() {
    seen[0] = load<acquire>(y);
    seen[1] = load<kRelaxed>(x);
}
void mp_check() { require(!(seen[0] == 1 && seen[1] == 0), "flag without data"); }

// The same over plain memory: a race is a counter-example by itself.
template <int release>
void plain_writer() {
    x = 1;
    store<release>(y, 1);
}
template <int acquire>
void plain_reader() {
    if (load<acquire>(y) == 1) seen[1] = x;
}
// Load, then let the other overwrite: what load buffering would be over plain memory.
template <int release>
void lb_reader() {
    seen[0] = x;
    store<release>(y, 1);
}
template <int acquire>
void lb_writer() {
    if (load<acquire>(y) == 1) x = 1;
}
void nothing() {}

// Store buffering.
enum class Between { kNothing, kFence, kBarrierOfOther };
template <Between between>
void sb_x() {
    store<kRelaxed>(x, 1);
    if (between == Between::kFence) full_fence();
    seen[0] = load<kRelaxed>(y);
}
template <Between between>
void sb_y() {
    store<kRelaxed>(y, 1);
    if (between == Between::kFence) full_fence();
    if (between == Between::kBarrierOfOther) membarrier();
    seen[1] = load<kRelaxed>(x);
}
void sb_check() { require(seen[0] + seen[1] != 0, "both loads were too early"); }

// Load buffering.
void lb_x() {
    seen[0] = load<kRelaxed>(x);
    store<kRelaxed>(y, 1);
}
void lb_y() {
    seen[1] = load<kRelaxed>(y);
    store<kRelaxed>(x, 1);
}
void lb_check() { require(!(seen[0] == 1 && seen[1] == 1), "values out of the future"); }

// Independent reads of independent writes.
void iriw_x() { store<kRelease>(x, 1); }
void iriw_y() { store<kRelease>(y, 1); }
template <bool fenced>
void iriw_xy() {
    seen[0] = load<kAcquire>(x);
    if (fenced) full_fence();
    seen[1] = load<kAcquire>(y);
}
template <bool fenced>
void iriw_yx() {
    seen[2] = load<kAcquire>(y);
    if (fenced) full_fence();
    seen[3] = load<kAcquire>(x);
}
void iriw_check() {
    require(!(seen[0] == 1 && seen[1] == 0 && seen[2] == 1 && seen[3] == 0),
            "two orders of stores");
}

// Coherence.
void corr_writer() {
    store<kRelaxed>(x, 1);
    store<kRelaxed>(x, 2);
}
void corr_reader() {
    seen[0] = load<kRelaxed>(x);
    seen[1] = load<kRelaxed>(x);
}
void corr_check() { require(seen[0] <= seen[1], "older after newer"); }

// Two writers of two places: relaxed stores may be ordered against program order.
void ww_xy() {
    store<kRelaxed>(x, 1);
    store<kRelaxed>(y, 2);
}
void ww_yx() {
    store<kRelaxed>(y, 1);
    store<kRelaxed>(x, 2);
}
void ww_check() { require(!(x == 1 && y == 1), "both first stores are last"); }

void add() { __atomic_fetch_add(&x, 1, __ATOMIC_RELAXED); }
void add_check() { require(x == 2, "an addition was lost"); }

// A release sequence goes on over a read-modify-write by another thread.
void rs_writer() {
    x = 1;
    store<kRelease>(y, 1);
}
void rs_updater() { __atomic_fetch_add(&y, 1, __ATOMIC_RELAXED); }
void rs_reader() {
    if (load<kAcquire>(y) == 2) seen[0] = x;
}

}  // namespace

const std::vector<Litmus>& litmus_tests() {
    static const std::vector<Litmus> all = {
        {{"MP relaxed", "", begin, {{mp_writer<kRelaxed>}, {mp_reader<kRelaxed>}}, mp_check}, true},
        {{"MP release alone", "", begin, {{mp_writer<kRelease>}, {mp_reader<kRelaxed>}}, mp_check},
         true},
        {{"MP acquire alone", "", begin, {{mp_writer<kRelaxed>}, {mp_reader<kAcquire>}}, mp_check},
         true},
        {{"MP", "", begin, {{mp_writer<kRelease>}, {mp_reader<kAcquire>}}, mp_check}, false},
        {{"plain MP release alone",
          "",
          begin,
          {{plain_writer<kRelease>}, {plain_reader<kRelaxed>}},
          nothing},
         true},
        {{"plain MP acquire alone",
          "",
          begin,
          {{plain_writer<kRelaxed>}, {plain_reader<kAcquire>}},
          nothing},
         true},
        {{"plain MP", "", begin, {{plain_writer<kRelease>}, {plain_reader<kAcquire>}}, nothing},
         false},
        {{"plain LB release alone",
          "",
          begin,
          {{lb_reader<kRelease>}, {lb_writer<kRelaxed>}},
          nothing},
         true},
        {{"plain LB acquire alone",
          "",
          begin,
          {{lb_reader<kRelaxed>}, {lb_writer<kAcquire>}},
          nothing},
         true},
        {{"plain LB", "", begin, {{lb_reader<kRelease>}, {lb_writer<kAcquire>}}, nothing}, false},
        {{"SB", "", begin, {{sb_x<Between::kNothing>}, {sb_y<Between::kNothing>}}, sb_check}, true},
        {{"SB one fence",
          "",
          begin,
          {{sb_x<Between::kNothing>}, {sb_y<Between::kFence>}},
          sb_check},
         true},
        {{"SB two fences", "", begin, {{sb_x<Between::kFence>}, {sb_y<Between::kFence>}}, sb_check},
         false},
        {{"SB membarrier",
          "",
          begin,
          {{sb_x<Between::kNothing>}, {sb_y<Between::kBarrierOfOther>}},
          sb_check},
         false},
        {{"LB atomic (not modelled: no promises)", "", begin, {{lb_x}, {lb_y}}, lb_check}, false},
        {{"IRIW", "", begin, {{iriw_x}, {iriw_y}, {iriw_xy<false>}, {iriw_yx<false>}}, iriw_check},
         true},
        {{"IRIW fences",
          "",
          begin,
          {{iriw_x}, {iriw_y}, {iriw_xy<true>}, {iriw_yx<true>}},
          iriw_check},
         false},
        {{"CoRR", "", begin, {{corr_writer}, {corr_reader}}, corr_check}, false},
        {{"2+2W", "", begin, {{ww_xy}, {ww_yx}}, ww_check}, true},
        {{"two additions", "", begin, {{add}, {add}}, add_check}, false},
        {{"release sequence", "", begin, {{rs_writer}, {rs_updater}, {rs_reader}}, nothing}, false},
    };
    return all;
}

}  // namespace tidemark::model
