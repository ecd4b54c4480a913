// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/buffer_work.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "viewers/model/stats_source.hpp"
#include "viewers/symbols/symbols.hpp"

namespace tidemark::tui {
namespace {

constexpr std::size_t kBuffersKept = 10;

HeldBuffers read(const model::Snapshot& one, const model::Filter& filter) {
    HeldBuffers held;
    model::BufferList list = model::read_buffers(one, model::Which::kAll, filter);
    held.count = list.buffers.size();
    held.inexact = list.inexact;
    held.dropped = model::dropped_sentence(list, model::Figures(true, false));
    symbols::name_stacks(list);
    held.largest = model::first_of(list, model::BufferOrder::kSize, kBuffersKept);
    held.oldest = model::first_of(list, model::BufferOrder::kAge, kBuffersKept);
    held.sites = model::call_sites_of(list);
    return held;
}

std::string not_read(const std::exception& error) {
    return "its buffers could not be read: " + std::string(error.what());
}

}  // namespace

BufferWork::BufferWork() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

BufferWork::~BufferWork() {
    if (thread_.joinable()) thread_.join();
    if (fd_ >= 0) ::close(fd_);
}

void BufferWork::start(model::Snapshot one, const model::Filter& filter, std::uint64_t image) {
    if (is_busy()) return;
    const auto work = [this, one = std::move(one), filter, image] {
        const std::uint64_t begun = model::monotonic_now_ns();
        Result result{image, 0, {}};
        try {
            result.buffers = read(one, filter);
        } catch (const std::exception& error) {
            result.buffers.inexact.push_back(not_read(error));
        }
        result.took_ns = model::monotonic_now_ns() - begun;
        hand_over(std::move(result));
    };
    try {
        thread_ = std::thread(work);
    } catch (const std::exception& error) {
        Result result{image, 0, {}};
        result.buffers.inexact.push_back(not_read(error));
        hand_over(std::move(result));
    }
}

void BufferWork::hand_over(Result result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

std::optional<BufferWork::Result> BufferWork::take() {
    std::unique_lock lock(mutex_);
    std::optional<Result> result = std::exchange(result_, std::nullopt);
    lock.unlock();
    if (result) {
        if (thread_.joinable()) thread_.join();  // it has nothing left to do
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof count);
    }
    return result;
}

}  // namespace tidemark::tui
