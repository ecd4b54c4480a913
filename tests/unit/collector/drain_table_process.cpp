// SPDX-License-Identifier: Apache-2.0
//
// A live table that one process fills and churns while another walks it through a mapping of its own: pages split, are
// made clean and are used again under the walker. Whatever a walk calls exact is complete, whole, and lists nothing twice.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "collector/drain/live_table.hpp"
#include "tidemark/account_reader.hpp"

using namespace tidemark;
using namespace tidemark::collector;

namespace {

constexpr std::uint64_t kLimit = 16 << 20;
constexpr std::uint64_t kStays = 600;  // buffers that are never freed, ids from 1
constexpr std::uint64_t kChurned = 1ull << 32;
constexpr std::uint64_t kAlive = 200;  // of the others, at a time

// All of an entry follows from its id.
tidemark_account_entry entry_of(std::uint64_t id) {
    const auto word = static_cast<std::uint32_t>(id * 7);
    return {TIDEMARK_LIFE_LIVE | (id & TIDEMARK_LIFE_SIZE_MASK), id, id + 1, 0, word};
}
bool is_whole(const LiveBuffer& b) {
    return b.size == b.id && b.stamp == b.id + 1 && b.device == 0 &&
           b.stack == static_cast<std::uint32_t>(b.id * 7);
}

// The two processes' common ground besides the table.
struct Progress {
    std::uint64_t staying;  // buffers that stay and are in the table
};

class Writer {
public:
    Writer(int file, Progress& progress) : progress_(progress), records_(1 << 16) {
        void* base =
            mmap(nullptr, kPagesOffset + kLimit, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        target_ = {static_cast<std::byte*>(base), 1};
        auto* state = reinterpret_cast<AccountState*>(target_.base + kStateOffset);
        state->seed[0] = 0x1234567;
        state->seed[1] = 0x89abcdef;
        const auto populate = [](void*, std::uint64_t, std::uint64_t) { return true; };
        journal_header_.capacity = records_.size();
        journal_.attach(&journal_header_, records_.data(), populate, nullptr);
        table_.attach(target_, kLimit, populate, nullptr);
        table_.create();
        make_header();
    }

    // Grows, then churns for ever. Now and then it rests, so that walks begin before, in and after changes.
    [[noreturn]] void run() {
        for (std::uint64_t n = 0;; ++n) {
            const std::uint64_t before = moved();
            if (n % 2 == 0 && staying_ < kStays) {
                put(++staying_);
                __atomic_store_n(&progress_.staying, staying_, __ATOMIC_RELEASE);
            }
            put(kChurned + n * 48);
            if (n >= kAlive) take(kChurned + (n - kAlive) * 48);
            journal_.commit();
            table_.committed();
            if (moved() != before && random_() % 16 == 0) usleep(50);
        }
    }

private:
    tidemark_account_header& header() {
        return *reinterpret_cast<tidemark_account_header*>(target_.base);
    }
    std::uint64_t moved() { return header().directory_sequence; }
    void make_header() {
        tidemark_account_header& h = header();
        h.byte_order = TIDEMARK_STATS_BYTE_ORDER;
        h.version_major = TIDEMARK_ACCOUNT_MAJOR;
        h.header_size = sizeof h;
        h.object_size = kPagesOffset + kLimit;
        h.state = TIDEMARK_ACCOUNT_LIVE;
        h.directory_offset = kDirectoryOffset;
        h.pages_offset = kPagesOffset;
        publish_account(h);
    }
    void put(std::uint64_t id) {
        if (!journal_.reserve(LiveTable::kMostRecords)) _exit(2);
        const std::uint64_t hash = table_.hash(0, id);
        const LiveTable::Match match = table_.find(hash, 0, 0, id, 0);
        if (!table_.insert(journal_, hash, match.vacant, entry_of(id))) _exit(3);
    }
    void take(std::uint64_t id) {
        const LiveTable::Match match = table_.find(table_.hash(0, id), 0, 0, id, UINT64_MAX);
        if (match.entry == nullptr) _exit(4);
        table_.erase(journal_, match.entry);
    }

    Progress& progress_;
    Target target_{};
    JournalHeader journal_header_{};
    std::vector<UndoRecord> records_;
    Journal journal_;
    LiveTable table_;
    std::uint64_t staying_ = 0;
    std::minstd_rand random_;
};

// An object in /dev/shm, without its name as soon as both processes have it.
struct Object {
    std::string path = "/dev/shm/tidemark.test-split-" + std::to_string(getpid());
    int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ~Object() {
        close(file);
        unlink(path.c_str());
    }
};

class WriterProcess {
public:
    WriterProcess(int file, Progress& progress) : child_(fork()) {
        if (child_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        Writer(file, progress).run();
    }
    WriterProcess(const WriterProcess&) = delete;
    WriterProcess& operator=(const WriterProcess&) = delete;
    ~WriterProcess() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    bool lives() const { return waitpid(child_, nullptr, WNOHANG) == 0; }

private:
    pid_t child_;
};

// What is wrong with a list that is said to be exact; `staying`: as many were there before the walk.
std::string fault_of(const std::vector<LiveBuffer>& buffers, std::uint64_t staying) {
    std::unordered_set<std::uint64_t> ids;
    for (const LiveBuffer& b : buffers) {
        if (!is_whole(b)) return "torn: " + std::to_string(b.id);
        if (!ids.insert(b.id).second) return "twice: " + std::to_string(b.id);
    }
    for (std::uint64_t id = 1; id <= staying; ++id)
        if (ids.count(id) == 0) return "missing: " + std::to_string(id);
    return {};
}

}  // namespace

TEST_CASE(
    "what another process lists of a table whose pages split and are used again is exact, or says "
    "that it is not") {
    Object object;
    REQUIRE(object.file >= 0);
    REQUIRE(ftruncate(object.file, kPagesOffset + kLimit) == 0);
    auto* progress = static_cast<Progress*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const WriterProcess writer(object.file, *progress);
    while (writer.lives() && __atomic_load_n(&progress->staying, __ATOMIC_ACQUIRE) == 0)
        usleep(100);
    auto reader = AccountReader::open_file(object.path);
    REQUIRE(reader.has_value());
    std::uint64_t exact = 0, last = 0, changes = 0;
    // Walks that count: the directory has changed since the last one.
    while ((exact < 2'000 || changes < 20'000) && writer.lives()) {
        const std::uint64_t staying = __atomic_load_n(&progress->staying, __ATOMIC_ACQUIRE);
        const LiveBuffers found = reader->live_buffers();
        changes = __atomic_load_n(&reader->header().directory_sequence, __ATOMIC_ACQUIRE);
        if (!found.exact || changes == last) continue;
        last = changes;
        ++exact;
        const std::string fault = fault_of(found.buffers, staying);
        CHECK(fault == "");
        if (!fault.empty()) break;
    }
    CHECK(writer.lives());
    MESSAGE(exact << " exact walks, " << changes << " changes of the directory");
    munmap(progress, 4096);
}
