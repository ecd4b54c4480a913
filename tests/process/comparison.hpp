// SPDX-License-Identifier: Apache-2.0
//
// Published rows against expected figures. The answer is a text that names every difference; empty: none.
#pragma once

#include <optional>
#include <sstream>
#include <string>

#include "tests/process/ledger_page.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::test {

template <class Row, class Which>
std::optional<Row> row_where(const StatsReader& reader, Which which) {
    for (const Row& row : reader.all<Row>())
        if (which(row)) return row;
    return std::nullopt;
}

class Comparison {
public:
    explicit Comparison(std::string where) : where_(std::move(where)) {}

    void same(const char* what, std::uint64_t published, std::uint64_t expected) {
        if (published != expected)
            text_ << where_ << what << " is " << published << ", the ledger says " << expected
                  << '\n';
    }
    void wrong(const std::string& what) { text_ << where_ << what << '\n'; }
    std::string text() const { return text_.str(); }

private:
    std::string where_;
    std::ostringstream text_;
};

// A row of the usage or the process usage table.
template <class Row>
std::string usage_differences(const std::optional<Row>& row, const LedgerUsage& ledger) {
    Comparison c("device " + std::to_string(ledger.device) + " pool " +
                 std::to_string(ledger.pool) + ": ");
    if (!row) {
        c.wrong("not published");
        return c.text();
    }
    c.same("current", row->current, ledger.current);
    c.same("peak", row->peak, ledger.peak);
    c.same("total_allocated", row->total_allocated, ledger.total_allocated);
    c.same("total_freed", row->total_freed, ledger.total_freed);
    c.same("superseded", row->superseded, 0);
    c.same("live", row->live, ledger.live);
    c.same("allocations", row->allocations, ledger.allocations);
    c.same("frees", row->frees, ledger.frees);
    c.same("exact", row->exact, 1);
    c.same("peak_exact", row->peak_exact, 1);
    return c.text();
}

}  // namespace tidemark::test
