// SPDX-License-Identifier: Apache-2.0
//
// Prints every figure of a stats segment through the C++ reader: the same text as print_stats.c, for golden_test.py.
//
//     print_stats_cpp INSTANCE
#include <iostream>
#include <string>
#include <tidemark/stats_reader.hpp>

namespace {

using tidemark::StatsReader;

template <class Number>
void print(const Number& value) {
    std::cout << ' ' << value;
}

template <class Number, std::size_t N>
void print(const Number (&values)[N]) {
    for (const Number& value : values) {
        print(value);
    }
}

template <std::size_t N>
void print(const char (&text)[N]) {
    std::cout << ' ' << tidemark::text_of(text);
}

#define PRINT_F(type, name, unit, doc)             \
    std::cout << table << '[' << at << "] " #name; \
    print(row.name);                               \
    std::cout << '\n';
#define PRINT_A(type, name, count, unit, doc) PRINT_F(type, name, unit, doc)

void print_tables(const StatsReader& reader) {
#define TIDEMARK_X(ID, table_name, capacity)                                \
    {                                                                       \
        const char* table = #table_name;                                    \
        int at = 0;                                                         \
        for (const auto& row : reader.all<tidemark_##table_name##_row>()) { \
            TIDEMARK_FIELDS_##ID(PRINT_F, PRINT_A)++ at;                    \
        }                                                                   \
    }
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
}

void print_samples(const StatsReader& reader, const tidemark_history_row& row, bool coarse) {
    const std::uint64_t period =
        coarse ? TIDEMARK_HISTORY_COARSE_PERIOD_NS : TIDEMARK_HISTORY_FINE_PERIOD_NS;
    const std::uint64_t now = reader.heartbeat_unix_ns();
    for (std::uint64_t ago = coarse ? TIDEMARK_HISTORY_COARSE_COUNT : TIDEMARK_HISTORY_FINE_COUNT;
         ago-- > 0;) {
        if (const auto sample = reader.history(row, coarse, now - ago * period)) {
            std::cout << (coarse ? "coarse " : "fine ") << sample->time << ' ' << sample->current
                      << ' ' << sample->highest << '\n';
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string error;
    const auto reader =
        StatsReader::open(argc > 1 ? std::optional<std::string>(argv[1]) : std::nullopt, &error);
    if (!reader) {
        std::cerr << error << '\n';
        return 3;
    }
    std::cout << "segment " << reader->instance() << " version " << reader->header().version_major
              << '.' << reader->header().version_minor << " state " << reader->state() << '\n'
              << "heartbeat " << reader->heartbeat_count() << ' ' << reader->heartbeat_unix_ns()
              << ' ' << reader->heartbeat_monotonic_ns() << '\n'
              << "passes " << tidemark_reader_pass_begun(&reader->raw()) << ' ' << reader->moment()
              << '\n'
              << "control socket "
              << (reader->control_socket().empty() ? "none" : reader->control_socket()) << '\n';
    print_tables(*reader);
    for (const auto& row : reader->all<tidemark_history_row>()) {
        print_samples(*reader, row, false);
        print_samples(*reader, row, true);
    }
}
