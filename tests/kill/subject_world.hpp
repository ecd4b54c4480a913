// SPDX-License-Identifier: Apache-2.0
//
// A kill_subject under way, what its rings hold, and what a collector has to make of that.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include "tests/process/collector_process.hpp"
#include "tests/process/ledger_compare.hpp"
#include "tests/process/ledger_script.hpp"
#include "tests/process/producer_rings.hpp"

namespace tidemark::test {

class Subject {
public:
    Subject(const OwnInstance& instance, const Words& acts, const Variables& more = {}) {
        Variables variables = instance.tracked({{"TIDEMARK_RING_BUDGET", "1M"}});
        for (const auto& [name, value] : more)
            variables[name] = value;
        Words words{built("kill_subject"), std::to_string(ledger.descriptor())};
        words.insert(words.end(), acts.begin(), acts.end());
        pid_ = start(words, variables);
    }
    ~Subject() { kill(); }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    pid_t pid() const { return pid_; }
    // Waits until it is stopped, or has ended; true: it is stopped, at the point that it was armed with.
    bool is_stopped() {
        int status = 0;
        while (waitpid(pid_, &status, WUNTRACED) < 0 && errno == EINTR) {
        }
        ended_ = !WIFSTOPPED(status);
        return !ended_;
    }
    void go_on() { ::kill(pid_, SIGCONT); }
    void kill() {
        if (ended_) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    int wait() {
        const int status = ended_ ? -1 : wait_until_ended(pid_);
        ended_ = true;
        return status;
    }

    LedgerMemory ledger;

private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

// The ledger of a process that can't write its own any more: what was taken from device 0's lane before, and the
// records that its ring still holds. No image: it never published a ring.
inline std::unique_ptr<LedgerPage> ledger_of_rings(const OwnInstance& instance, pid_t pid,
                                                   std::uint64_t taken_before) {
    auto page = std::make_unique<LedgerPage>();
    const std::vector<RingView> rings = read_rings(instance.name(), true);
    const RingView* ring = ring_of(rings, pid);
    if (ring == nullptr) return page;
    std::map<std::uint32_t, std::uint64_t> counts;
    if (taken_before != 0) counts[0] = taken_before;
    for (const auto& lane : ring->lanes)
        for (const shm::Event& event : lane)
            if (event.operation() != shm::Operation::kGap) ++counts[event.device];
    page->image = ring->header.image;
    page->lost = ring->lost();
    for (const auto& [device, count] : counts) {
        page->usages[page->usage_count++] = script_usage(count, device);
        page->events += count;
        for (const LedgerBuffer& buffer : script_buffers(count, device))
            page->buffers[page->buffer_count++] = buffer;
    }
    return page;
}

// Differences between what is published and a subject's ledger; empty: none. Where the subject counted losses, what was
// recorded is still known to the byte, and everything says that it isn't exact.
inline std::string subject_differences(const std::string& instance, const LedgerPage& page,
                                       tidemark_process_state state) {
    std::string error;
    const auto reader = StatsReader::open(instance, &error);
    if (!reader) return error + "\n";
    const auto collector = reader->read<tidemark_collector_row>(0);
    Comparison c("subject: ");
    c.same("processes seen", collector ? collector->processes_seen : 99, page.image != 0);
    c.same("audit differences", collector ? collector->audit_differences : 99, 0);
    c.same("rings quarantined", collector ? collector->rings_quarantined : 99, 0);
    if (page.image == 0) return c.text();
    const auto row = row_where<tidemark_process_row>(
        *reader, [&](const auto& r) { return r.image == page.image; });
    if (!row) return c.text() + "subject: not published\n";
    std::uint64_t lost = 0;
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause)
        lost += row->lost_allocations[cause] + row->lost_frees[cause];
    c.same("state", row->state, state);
    c.same("events", row->events, page.events);
    c.same("events of all", collector->events, page.events);
    c.same("lost", lost, page.lost);
    c.same("exact", row->exact, page.lost == 0);
    c.same("unknown frees", row->unknown_frees, 0);
    c.same("duplicates", row->duplicates, 0);
    std::string text = c.text();
    for (std::uint32_t i = 0; i < page.usage_count; ++i) {
        auto usage = row_where<tidemark_process_usage_row>(*reader, [&](const auto& r) {
            return r.image == page.image && r.device == page.usages[i].device;
        });
        if (page.usages[i].allocations == 0) continue;
        if (usage && page.lost != 0 && usage->exact == 0 && usage->peak_exact == 0)
            usage->exact = usage->peak_exact = 1;
        text += usage_differences(usage, page.usages[i]);
    }
    return text + buffer_differences(instance, page);
}

}  // namespace tidemark::test
