// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/questions.hpp"

#include <utility>

#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::chrono::milliseconds kRetry{1};
constexpr std::uint64_t kPatienceNs =
    3'000'000'000;  // of a question, with clients whose rings are full
constexpr std::uint64_t kEndPatienceNs =
    200'000'000;  // of a question, with clients that end all the time

}  // namespace

void Questions::ask(Connection& connection, FrameType answer, std::int32_t device) {
    connection.expect_answer();
    questions_.push_back({connection.weak_from_this(), answer, device, shm::monotonic_ns()});
    answer_all();
}

void Questions::answer_all() {
    if (is_flushing_ || questions_.empty()) return;
    is_flushing_ = true;
    door_.ask_flush(
        [this, asked = std::exchange(questions_, {}), ends = ends_](FlushAnswer) mutable {
            is_flushing_ = false;
            published(std::move(asked), ends);
        });
}

void Questions::published(List asked, std::uint64_t ends_before) {
    const std::uint64_t now = shm::monotonic_ns();
    if (is_crowded_() && asked.front().since_ns + kPatienceNs > now)
        return ask_again(std::move(asked), kRetry);
    if (ends_before != ends_ && asked.front().since_ns + kEndPatienceNs > now)
        return ask_again(std::move(asked), {});
    for (const Question& question : asked) {
        if (const auto connection = question.who.lock())
            connection->answer(encode(connection->version(), question.answer, question.device,
                                      figures_.of(question.device, now)));
    }
    answer_all();
}

// What was received and waits for room is not published yet; what a client left that ended meanwhile may be still, and
// is in the grace's sums too. Nobody is waited for without end.
void Questions::ask_again(List asked, std::chrono::milliseconds pause) {
    asked.insert(asked.end(), questions_.begin(), questions_.end());
    questions_ = std::move(asked);
    is_flushing_ = true;
    loop_.after(pause, [this] {
        is_flushing_ = false;
        answer_all();
    });
}

}  // namespace tidemark::collector::gateway
