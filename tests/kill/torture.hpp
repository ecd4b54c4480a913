// SPDX-License-Identifier: Apache-2.0
//
// The long version of a test: how long it goes on, and from which seed. `./dev torture` sets both; without it a test
// does a short selection that is the same each time.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace tidemark::test {

class Torture {
public:
    explicit Torture(std::uint64_t usual_seed) : seed_(usual_seed) {
        if (const char* text = std::getenv("TIDEMARK_SEED"))
            seed_ = std::strtoull(text, nullptr, 10);
        const char* minutes = std::getenv("TIDEMARK_TORTURE");
        if (minutes == nullptr) return;
        const auto seconds = static_cast<long>(60 * std::strtod(minutes, nullptr));
        until_ = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    }
    std::uint64_t seed() const { return seed_; }
    bool goes_on() const { return std::chrono::steady_clock::now() < until_; }

private:
    std::uint64_t seed_;
    std::chrono::steady_clock::time_point until_{};
};

}  // namespace tidemark::test
