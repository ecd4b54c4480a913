// SPDX-License-Identifier: Apache-2.0
//
// Not a benchmark: a program that run.py measures under trackers. Two threads allocate and free blocks of 16 to 1,039
// bytes, a thousand live each, `bench.storm MILLIONS` million pairs a thread.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

void storm(std::uint64_t pairs, std::uint64_t seed) {
    std::vector<void*> live(1000, nullptr);
    for (std::uint64_t i = 0; i < pairs; ++i) {
        seed ^= seed << 13;  // xorshift64
        seed ^= seed >> 7;
        seed ^= seed << 17;
        void*& place = live[(seed >> 20) % live.size()];
        std::free(place);
        place = std::malloc(16 + (seed >> 40) % 1024);
    }
    for (void* const block : live)
        std::free(block);
}

}  // namespace

int main(int argc, char** argv) {
    const double millions = argc == 2 ? std::atof(argv[1]) : 0;
    if (millions <= 0) {
        std::fputs("usage: bench.storm MILLIONS\n", stderr);
        return 2;
    }
    const auto pairs = static_cast<std::uint64_t>(millions * 1e6);
    std::thread other(storm, pairs, 88172645463325252ull);
    storm(pairs, 362436069ull);
    other.join();
    return 0;
}
