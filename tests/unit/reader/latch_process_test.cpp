// SPDX-License-Identifier: Apache-2.0
//
// Reader and writer in different processes, as in life; and a reader that may not make a system call any more.
#include <doctest/doctest.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "shm/latch.hpp"
#include "tests/unit/reader/test_segment.hpp"

namespace {

using namespace tidemark;
using Row = tidemark_usage_row;
constexpr std::uint32_t kRows = 4;

// A process that publishes rows as fast as it can, until this goes out of scope.
class BusyWriter {
public:
    explicit BusyWriter(void* base) : child_(fork()) {
        if (child_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (std::uint64_t number = 1;; ++number) {
                const auto index = static_cast<std::uint32_t>(number % kRows);
                shm::publish_row(test::row_of(base, TIDEMARK_TABLE_USAGE, index), sizeof(Row),
                                 test::row_made_of<Row>(number));
            }
        }
    }
    BusyWriter(const BusyWriter&) = delete;
    BusyWriter& operator=(const BusyWriter&) = delete;
    ~BusyWriter() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }

private:
    pid_t child_;
};

// Reads `count` rows; how many were torn or, a free one apart, not there. Makes no system call.
int bad_reads(const StatsReader& reader, int count) {
    int bad = 0;
    for (int i = 0; i < count; ++i) {
        Row row;
        const auto result = reader.read(static_cast<std::uint32_t>(i) % kRows, row);
        bad +=
            result == TIDEMARK_READ_RANGE || (result == TIDEMARK_READ_OK && !test::is_whole(row));
    }
    return bad;
}

}  // namespace

TEST_CASE("rows of a busy writer in another process are never torn") {
    test::SharedSegment segment("busy", kRows);
    const BusyWriter writer(segment.base());
    const auto reader = StatsReader::open(segment.instance());
    REQUIRE(reader.has_value());
    while (!reader->read<Row>(0)) {
        usleep(100);
    }
    CHECK(bad_reads(*reader, 500'000) == 0);
    CHECK(reader->all<Row>().size() > 0);
}

TEST_CASE("a reader in seccomp strict mode reads a million rows of a busy writer") {
    test::SharedSegment segment("seccomp", kRows);
    const BusyWriter writer(segment.base());
    int answer[2];
    REQUIRE(pipe(answer) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto reader = StatsReader::open(segment.instance());
        if (!reader || prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
            _exit(1);
        }
        // From here on any system call but read, write and exit is SIGKILL.
        const char* text = bad_reads(*reader, 1'000'000) == 0 ? "ok" : "no";
        syscall(SYS_exit, write(answer[1], text, 2) == 2 ? 0 : 2);
    }
    close(answer[1]);
    char text[3] = {};
    CHECK(read(answer[0], text, 2) == 2);
    close(answer[0]);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(std::strcmp(text, "ok") == 0);
}
