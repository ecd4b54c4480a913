// SPDX-License-Identifier: Apache-2.0
//
// Making the ring of an image: when it is tried, under whose name, and what fork does to it.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "producer/fork.hpp"
#include "producer/process_state.hpp"
#include "producer/runtime.hpp"
#include "producer/thread_lanes.hpp"
#include "shm/bell_ring.hpp"
#include "shm/identity_raw.hpp"
#include "shm/kill_point.hpp"
#include "shm/raw_scan.hpp"
#include "shm/ring_header.hpp"
#include "shm/untracked.hpp"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace tidemark::producer {
namespace {

using shm::raw_syscall;
using shm::RingHeader;
using shm::Word;
using shm::word;

constexpr std::uint64_t kRetry_ns = 1'000'000'000;
constexpr std::uint64_t kUndrainedMost = 64ull << 20;  // of dead images, a user
constexpr std::uint64_t kFixedBytes = shm::kLanesOffset + 4096;

shm::BellPage* find_bell(std::uint32_t uid) noexcept {
    if (bell() != nullptr && inherited.bell_uid == uid) return bell();
    __atomic_store_n(&inherited.bell, shm::map_bell(uid), __ATOMIC_RELAXED);
    inherited.bell_uid = uid;
    return bell();
}

// The ring's name and the memory of its state.
ProcessState* state_memory() noexcept {
    if (inherited.patched != nullptr) {
        // A handler's fork inside an append left pages where the parent's ring was; that append has ended by now.
        raw_syscall(SYS_munmap, word(inherited.patched), static_cast<Word>(inherited.patched_size));
        inherited.patched = nullptr;
    }
    if (inherited.state == nullptr)
        inherited.state = static_cast<ProcessState*>(shm::map_private(sizeof(ProcessState)));
    else if (raw_syscall(SYS_madvise, word(inherited.state), sizeof(ProcessState), MADV_DONTNEED) !=
             0)
        return nullptr;
    return inherited.state;
}

void fill_identity(RingHeader& header, const shm::Identity& identity) noexcept {
    header.start_ticks = identity.start_ticks;
    header.pid_namespace = identity.pid_namespace;
    header.pid = identity.pid;
    header.parent_pid = identity.parent_pid;
    header.uid = identity.uid;
    memcpy(header.name, identity.name, sizeof header.name);
    memcpy(header.command, identity.command, sizeof header.command);
}

void fill_header(const shm::RawRing& ring, const shm::Identity& identity) noexcept {
    TIDEMARK_KILL_POINT("create.header");
    RingHeader& header = shm::begin_ring_header(ring);
    header.parent_image = inherited.image;
    fill_identity(header, identity);
    header.clock_kind = static_cast<std::uint32_t>(inherited.clock);
    header.attach_stamp = shm::read_clock(inherited.clock);
    memcpy(header.instance, inherited.settings.instance, sizeof header.instance);
    header.poll_me = bell() == nullptr;
    header.membarrier = inherited.membarrier;
    header.policy = inherited.settings.drop;
    write_declarations(ring.base);
    TIDEMARK_KILL_POINT("create.publish");
}

tidemark_loss_cause failure_of(int error) noexcept {
    return error == EDQUOT ? TIDEMARK_LOSS_BUDGET : TIDEMARK_LOSS_NO_SPACE;
}

// True if the user's rings take too much and nobody is there to drain them. The count is corrected first: objects may
// have been removed by hand.
bool budget_is_spent(shm::BellPage* page, std::uint32_t uid) noexcept {
    if (page == nullptr) return false;
    std::uint64_t counted = __atomic_load_n(&page->undrained_bytes, __ATOMIC_RELAXED);
    if (counted <= kUndrainedMost || shm::any_collector_lives(*page, shm::monotonic_ns()))
        return false;
    const std::uint64_t found = shm::ring_bytes_of(uid, 2 * kUndrainedMost);
    TIDEMARK_SHARED_STORE(
        "bell.recount", __atomic_compare_exchange_n(&page->undrained_bytes, &counted, found, false,
                                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return found > kUndrainedMost;
}

// Room for call sites, if they are wanted and the object could be made large enough. Nobody sees the ring yet.
void provide_call_sites(ProcessState& state) noexcept {
    const std::uint32_t frames = inherited.settings.stacks;
    const std::uint64_t bytes = shm::call_site_bytes(frames);
    if (bytes == 0 || state.ring.size < shm::kBlocksOffset + 2 * bytes) return;
    const std::uint64_t modules = shm::kBlocksOffset + shm::stacks_bytes(frames);
    state.stacks.begin(state.ring, shm::kBlocksOffset, frames);
    state.modules.begin(state.ring, modules);
    RingHeader& header = state.header();
    header.stacks_offset = shm::kBlocksOffset;
    header.modules_offset = modules;
    header.stack_frames = frames;
    state.next_block += bytes;
}

// 0, or an errno; EDQUOT: the user's budget for rings that nobody drains is spent.
int make_ring(ProcessState& state) noexcept {
    shm::Identity identity;
    shm::read_own_identity(identity);
    if (budget_is_spent(find_bell(identity.uid), identity.uid)) return EDQUOT;
    const std::uint64_t image = shm::random_image_id();
    const std::uint64_t size =
        inherited.settings.budget + shm::call_site_bytes(inherited.settings.stacks);
    if (const int error = shm::create_ring(image, size, state.ring)) return error;
    state.next_block = shm::kBlocksOffset;
    fill_header(state.ring, identity);
    provide_call_sites(state);
    send_losses(state.header());
    if (const int error = shm::publish_ring(state.ring)) return error;
    state.pid = identity.pid;
    account_touched(state, state.ring.preallocated ? state.ring.size : kFixedBytes);
    inherited.image = image;
    return 0;
}

void note_failure(tidemark_loss_cause cause) noexcept {
    __atomic_store_n(&process_page.failure, static_cast<std::uint32_t>(cause), __ATOMIC_RELAXED);
    __atomic_store_n(&process_page.retry_ns, shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) + kRetry_ns,
                     __ATOMIC_RELAXED);
    if (process_page.failed != 0) return;
    process_page.failed = 1;
    shm::BellPage* page = bell();
    if (page == nullptr) return;
    shm::count_untracked_by_name(*page, inherited.settings.instance);
    std::uint64_t& counter =
        cause == TIDEMARK_LOSS_BUDGET ? page->untracked_images : page->untracked_space;
    TIDEMARK_SHARED_STORE("bell.untracked", __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
}

void wipe_page() noexcept {
    // Where the kernel did it already, reading is enough: the page stays unshared and untouched.
    if (process_page.begun == 0 && process_page.lock == 0 && process_page.epoch == 0) return;
    memset(&process_page, 0, sizeof process_page);
}

void before_fork() noexcept {
    const SystemCalls calls;
    if (calls) take_page_lock(kForkPatience);
}

void after_fork_in_parent() noexcept {
    const SystemCalls calls;
    if (!calls) return;
    if (__atomic_load_n(&process_page.lock, __ATOMIC_RELAXED) ==
        static_cast<std::uint32_t>(shm::own_tid()))
        drop_page_lock();
}

void after_fork_in_child() noexcept {
    wipe_page();
    thread_state.key = 0;
    if (thread_state.inside == 0 || inherited.state == nullptr || inherited.patched != nullptr)
        return;
    // A handler forked inside an append, which goes on in this child after the handler returns. The ring is not
    // mapped here (MADV_DONTFORK), so its last stores get pages that nobody reads.
    const shm::RawRing& ring = inherited.state->ring;
    const Word at =
        raw_syscall(SYS_mmap, word(ring.base), static_cast<Word>(ring.size), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != word(ring.base)) return;
    inherited.patched = ring.base;
    inherited.patched_size = ring.size;
}

}  // namespace

const ForkHandlers kForkHandlers{before_fork, after_fork_in_parent, after_fork_in_child};

void forked() noexcept { after_fork_in_child(); }

bool begin_process() noexcept {
    const std::int32_t pid = shm::own_pid();
    if (__atomic_load_n(&process_page.begun, __ATOMIC_RELAXED) != 0) {
        if (pid == inherited.pid) return true;
        // A vfork child sees its parent's page. Should that "parent" be gone, it was the child that came first.
        if (raw_syscall(SYS_kill, inherited.pid, 0) != -ESRCH) return false;
    }
    inherited.pid = pid;
    raw_syscall(SYS_madvise, word(&process_page), sizeof process_page, MADV_WIPEONFORK);
    __atomic_store_n(&process_page.begun, 1u, __ATOMIC_RELAXED);
    return true;
}

void know_bell() noexcept { find_bell(static_cast<std::uint32_t>(raw_syscall(SYS_geteuid))); }

bool is_time_to_make_state() noexcept {
    const std::uint64_t retry = __atomic_load_n(&process_page.retry_ns, __ATOMIC_RELAXED);
    return retry == 0 || shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) >= retry;
}

ProcessState* make_state() noexcept {
    if (ProcessState* state = current_state()) return state;
    if (!is_time_to_make_state()) return nullptr;
    ProcessState* state = state_memory();
    if (const int error = state == nullptr ? ENOMEM : make_ring(*state); error != 0) {
        note_failure(failure_of(error));
        return nullptr;
    }
    publish_state(*state);
    send_losses(state->header());
    return state;
}

}  // namespace tidemark::producer
