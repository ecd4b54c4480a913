// SPDX-License-Identifier: Apache-2.0
//
// Signal handlers that record while they interrupt the recording of an event: at a high rate, nested, on another
// stack, leaving by longjmp, forking. Nothing torn, nothing twice, everything that is missing counted.
#include <doctest/doctest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "process/producer_rings.hpp"
#include "test_consumer.hpp"
#include "tidemark/producer.hpp"

using namespace tidemark;
using test::TestConsumer;

namespace {

const test::OwnRingGuard guard;

constexpr std::uint64_t kFromHandler = std::uint64_t{1} << 40;

std::atomic<std::uint64_t> handled{0};
sigjmp_buf escape;
volatile sig_atomic_t may_escape = 0;
volatile sig_atomic_t children = 0;
volatile sig_atomic_t in_child = 0;
pid_t child_of_handler[64];

void record(std::uint64_t id) { allocation(1, Pool::kDram, id, id & 0xFFFF); }

void on_signal(int) { record(kFromHandler + handled++); }

// The mask stays as in the handler until the landing place opens it: signals would pile up on this stack otherwise.
void on_signal_that_only_leaves(int) {
    if (may_escape == 0) return;
    may_escape = 0;
    siglongjmp(escape, 1);
}

void on_signal_that_leaves(int signal) {
    record(kFromHandler + handled++);
    on_signal_that_only_leaves(signal);
}

void on_signal_that_forks(int) {
    if (children == 64) return;
    const pid_t pid = fork();
    if (pid != 0) {
        child_of_handler[children] = pid;
        children = children + 1;
    } else {
        children = 64;
        in_child = 1;
        record(kFromHandler);
    }
}

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART | flags;
    REQUIRE(sigaction(signal, &action, nullptr) == 0);
}

// Signals the constructing thread as fast as it can.
class Storm {
public:
    Storm(int first, int second) : target_(static_cast<pid_t>(syscall(SYS_gettid))) {
        thread_ = std::thread([=, this] {
            sigset_t all;
            sigfillset(&all);
            pthread_sigmask(SIG_BLOCK, &all, nullptr);
            while (!stopping_) {
                syscall(SYS_tgkill, getpid(), target_, first);
                syscall(SYS_tgkill, getpid(), target_, second);
            }
        });
    }
    ~Storm() {
        stopping_ = true;
        thread_.join();
    }
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;

private:
    pid_t target_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

// Checks each record as it comes: words that belong together, no id twice, order within a lane.
struct Checker {
    std::uint64_t own = 0;       // events of the thread itself
    std::uint64_t handlers = 0;  // of handlers
    std::uint64_t in_small_lane = 0;
    std::uint64_t wrong = 0;
    std::uint64_t calm_from = ~std::uint64_t{0};
    std::uint64_t calm = 0;  // own ones from that id on

    void operator()(std::size_t lane, const shm::Event& event) {
        if (event.operation() != shm::Operation::kAllocation || event.id == 0) return;
        wrong += event.size() != (event.id & 0xFFFF) || event.device != 1;
        if (lane >= last_stamp_.size()) last_stamp_.resize(lane + 1);
        wrong += event.stamp < last_stamp_[lane];
        last_stamp_[lane] = event.stamp;
        if (event.id < kFromHandler) {
            wrong += event.id <= last_own_ || lane % 2 == 1;
            last_own_ = event.id;
            calm += event.id >= calm_from;
            ++own;
            return;
        }
        const std::uint64_t number = event.id - kFromHandler;
        if (number >= seen_.size()) seen_.resize(number + 10'000);
        wrong += seen_[number];
        seen_[number] = true;
        ++handlers;
        in_small_lane += lane % 2;
    }
    TestConsumer::Sink sink() {
        return [this](std::size_t lane, const shm::Event& event) { (*this)(lane, event); };
    }

private:
    std::uint64_t last_own_ = 0;
    std::vector<std::uint64_t> last_stamp_;
    std::vector<bool> seen_;
};

constexpr std::uint64_t kEnough = 20'000;      // signals
constexpr std::uint64_t kAtMost = 20'000'000;  // events, on a machine where signals come slowly

void storm_without_escape(int flags) {
    record(0);
    handled = 0;
    handle(SIGUSR1, on_signal, flags);
    handle(SIGUSR2, on_signal, flags);
    Checker checker;
    TestConsumer consumer(TestConsumer::Mode::kDrains, checker.sink());
    const std::uint64_t lost = test::lost_so_far();
    std::uint64_t own = 0;
    {
        const Storm storm(SIGUSR1, SIGUSR2);
        while (handled < kEnough && own < kAtMost)
            record(++own);
    }
    consumer.stop();
    CHECK(consumer.faults() == 0);
    CHECK(checker.wrong == 0);
    CHECK(checker.own + checker.handlers + (test::lost_so_far() - lost) == own + handled);
    WARN(checker.in_small_lane > 0);
    CHECK(checker.handlers > 0);
}

// Events of the thread itself may be left unpublished; after the storm none is.
void storm_with_escape(void (*first)(int), int first_flags, void (*second)(int), int second_flags) {
    record(0);
    handled = 0;
    handle(SIGUSR1, first, first_flags);
    handle(SIGUSR2, second, second_flags);
    Checker checker;
    TestConsumer consumer(TestConsumer::Mode::kDrains, checker.sink());
    static volatile std::uint64_t own;
    static volatile std::uint64_t rounds;
    own = 0;
    rounds = 0;
    {
        const Storm storm(SIGUSR1, SIGUSR2);
        while (rounds < kEnough && own < kAtMost) {
            if (sigsetjmp(escape, 0) != 0) {
                rounds = rounds + 1;
                sigset_t none;
                sigemptyset(&none);
                pthread_sigmask(SIG_SETMASK, &none, nullptr);
            }
            may_escape = 1;
            for (int i = 0; i < 100; ++i) {
                own = own + 1;
                record(own);
            }
            may_escape = 0;
        }
        may_escape = 0;
    }
    CHECK(flush(60'000) == Flush::kPublished);
    checker.calm_from = own + 1;
    const std::uint64_t lost = test::lost_so_far();
    for (int i = 0; i < 1000; ++i) {
        own = own + 1;
        record(own);
    }
    consumer.stop();
    CHECK(consumer.faults() == 0);
    CHECK(checker.wrong == 0);
    CHECK(rounds > 0);
    CHECK(checker.calm == 1000);
    CHECK(test::lost_so_far() == lost);
}

// An alternate stack for the current thread, at a higher or lower address than its own.
class AlternateStack {
public:
    AlternateStack() : memory_(1 << 16) {
        stack_t stack{};
        stack.ss_sp = memory_.data();
        stack.ss_size = memory_.size();
        REQUIRE(sigaltstack(&stack, nullptr) == 0);
    }
    ~AlternateStack() {
        stack_t stack{};
        stack.ss_flags = SS_DISABLE;
        sigaltstack(&stack, nullptr);
    }
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;

private:
    std::vector<char> memory_;
};

}  // namespace

TEST_CASE("handlers at a high rate, nested: nothing torn, each event in a lane or counted") {
    storm_without_escape(0);
}

TEST_CASE("the same on an alternate signal stack") {
    const AlternateStack stack;
    storm_without_escape(SA_ONSTACK);
}

TEST_CASE("a longjmp out of an append leaves its slot unpublished and nothing else behind") {
    storm_with_escape(on_signal_that_leaves, 0, on_signal_that_only_leaves, 0);
}

TEST_CASE("the same from handlers on an alternate stack") {
    const AlternateStack stack;
    storm_with_escape(on_signal_that_leaves, SA_ONSTACK, on_signal_that_only_leaves, SA_ONSTACK);
}

TEST_CASE("the same from a handler that interrupts a handler on the alternate stack") {
    const AlternateStack stack;
    storm_with_escape(on_signal, SA_ONSTACK, on_signal_that_leaves, SA_ONSTACK);
}

TEST_CASE("a handler may fork inside an append: both processes go on") {
    record(0);
    children = 0;
    handle(SIGUSR1, on_signal_that_forks, 0);
    const pid_t parent = getpid();
    const test::RingView* mine = nullptr;
    constexpr std::uint64_t kInChild = 25;
    {
        TestConsumer consumer;
        {
            const Storm storm(SIGUSR1, SIGUSR1);
            std::uint64_t own = 0;
            while (children < 64 && getpid() == parent)
                record(++own);
            if (getpid() != parent) {
                for (std::uint64_t i = 1; i <= kInChild; ++i)
                    record(i);
                _exit(0);
            }
        }
        CHECK(consumer.faults() == 0);
    }
    std::uint64_t in_append = 0;
    const auto image = producer::current_state()->ring.image;
    for (pid_t pid : child_of_handler)
        CHECK(test::wait_for(pid).exited_with(0));
    const auto rings = test::read_rings(getenv("TIDEMARK_INSTANCE"));
    mine = test::ring_of(rings, parent);
    REQUIRE(mine != nullptr);
    for (pid_t pid : child_of_handler) {
        const test::RingView* ring = test::ring_of(rings, pid);
        REQUIRE(ring != nullptr);
        CHECK(ring->faults == 0);
        CHECK(ring->header.parent_image == image);
        // The handler's event is lost if it interrupted an append (the child has no ring then), which then ends
        // in pages that nobody reads; before an append began, the child records that one too.
        CHECK(ring->allocations() + ring->lost() >= kInChild + 1);
        CHECK(ring->allocations() <= kInChild + 2);
        CHECK(ring->lost() == ring->lost(TIDEMARK_LOSS_HANDLER));
        in_append += ring->lost();
        unlink((shm::kShmDirectory + ring->name).c_str());
    }
    WARN(in_append > 0);
}
