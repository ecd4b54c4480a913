// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one fuzzed input, taken from the front as the words of a small script. Nothing is left: all zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tidemark::fuzz {

class Input {
public:
    Input(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), left_(size) {}

    bool is_empty() const { return left_ == 0; }
    template <class Word>
    Word take() {
        Word word{};
        const std::size_t size = left_ < sizeof word ? left_ : sizeof word;
        std::memcpy(&word, bytes_, size);
        bytes_ += size;
        left_ -= size;
        return word;
    }

private:
    const std::uint8_t* bytes_;
    std::size_t left_;
};

// What must hold does not: libFuzzer and the replay keep the input.
inline void require(bool holds, const std::string& what) {
    if (holds) return;
    std::fprintf(stderr, "fuzz: %s\n", what.c_str());
    std::abort();
}

}  // namespace tidemark::fuzz
