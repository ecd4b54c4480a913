// SPDX-License-Identifier: Apache-2.0
//
// Tells Tidemark of a device's buffers from C++, by owners that tell of their buffer as long as they live:
//
//     tidemark run -- bin/example.track_cpp
#include <cstdio>
#include <tidemark/producer.hpp>
#include <vector>

int main() {
    constexpr std::uint32_t kDevice = 0;
    tidemark::declare_device(kDevice, "example card");
    tidemark::declare_memory(kDevice, tidemark::Memory::kL1, 96ull << 20);

    std::vector<tidemark::Buffer> buffers;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        // Device, pool, an id that is unique while the buffer lives (an address, as a rule), bytes.
        buffers.emplace_back(kDevice, tidemark::Pool::kL1, i * 0x1000, i * 1024);
    }
    buffers.pop_back();  // a free

    const bool published = tidemark::flush(1000) == tidemark::Flush::kPublished;
    std::printf("%zu buffers, %s\n", buffers.size(), published ? "published" : "not published");
}
