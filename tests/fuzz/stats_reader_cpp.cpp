// SPDX-License-Identifier: Apache-2.0
//
// The C++ reader on a changed stats segment: refused with a sentence, or all tables can be read, and hold no more than
// the segment does.
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/stats_patches.h"
#include "tidemark/stats_reader.hpp"

namespace {

using tidemark::fuzz::require;

template <class Row>
void read_table(const tidemark::StatsReader& reader, std::size_t most) {
    bool consistent = false;
    const auto rows = reader.all<Row>(&consistent);
    require(rows.size() * 2 * sizeof(Row) <= 8 * most, "more rows than the segment has room for");
    require(!reader.read<Row>(reader.rows<Row>()), "a row beyond the last one");
}

void read_all(const tidemark::StatsReader& reader, std::size_t size) {
#define TIDEMARK_X(ID, name, capacity) read_table<tidemark_##name##_row>(reader, size);
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
    for (const auto& row : reader.all<tidemark_history_row>()) {
        for (std::uint64_t at = 0; at < 3'000'000'000; at += 100'000'000) {
            (void)reader.history(row, false, at);
            (void)reader.history(row, true, at);
        }
    }
    const std::string texts = std::string(reader.schema()) + std::string(reader.instance()) +
                              std::string(reader.control_socket());
    require(texts.size() <= 3 * size, "texts that are longer than the segment");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz_segment segment = fuzz_patched(data, size);
    std::string error;
    const auto reader = tidemark::StatsReader::from_memory(segment.bytes, segment.size, &error);
    require(reader.has_value() == error.empty(), "refused without a word, or told without cause");
    if (reader) read_all(*reader, segment.size);
    std::free(segment.bytes);
    return 0;
}
