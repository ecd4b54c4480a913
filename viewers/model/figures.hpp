// SPDX-License-Identifier: Apache-2.0
//
// Figures as tables show them: with or without units, and marked where they are not exact. Remembers which marks were
// used, so that a table explains those and no others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

class Figures {
public:
    Figures(bool units, bool ascii) : units_(units), ascii_(ascii) {}

    std::string bytes(std::uint64_t value) const;
    std::string count(std::uint64_t value) const;

    std::string current(const PoolUsage& usage);
    std::string live(const PoolUsage& usage);
    std::string peak(const PoolUsage& usage);
    std::string total_allocated(const PoolUsage& usage);
    std::string allocations(const PoolUsage& usage);
    std::string frees(const PoolUsage& usage);
    // A memory's or pool's sum, exact if all that it sums is; N/A if unknown.
    std::string sum(const std::optional<std::uint64_t>& allocated, bool exact);

    // One sentence for each mark that was used.
    std::vector<std::string> footnotes() const;

private:
    std::string about(bool exact, const std::string& text);
    std::string at_least(bool exact, const std::string& text);
    const char* least_mark() const { return ascii_ ? ">=" : "≥"; }
    const char* most_mark() const { return ascii_ ? "<=" : "≤"; }

    bool units_;
    bool ascii_;
    bool about_used_ = false;
    bool least_used_ = false;
    bool most_used_ = false;
};

// "lost 12 events (1.20 KB): 8 lane full, 4 no shared memory left"; empty if nothing was lost.
std::string loss_sentence(const Loss& loss, const Figures& figures);

}  // namespace tidemark::model
