// SPDX-License-Identifier: Apache-2.0
//
// Not a benchmark: a program that memory.py looks at under trackers. Holds so many blocks of 48 bytes, `bench.holder
// BLOCKS`, says so, and ends with its standard input.
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const long blocks = argc == 2 ? std::atol(argv[1]) : 0;
    if (blocks <= 0) {
        std::fputs("usage: bench.holder BLOCKS\n", stderr);
        return 2;
    }
    // A chain through the blocks, so that it takes no more memory, and none can be left out.
    void** last = nullptr;
    for (long i = 0; i < blocks; ++i) {
        auto** const block = static_cast<void**>(std::malloc(48));
        if (block == nullptr) return 1;
        *block = last;
        last = block;
    }
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return last == nullptr;
}
