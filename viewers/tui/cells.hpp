// SPDX-License-Identifier: Apache-2.0
//
// Figures as this viewer shows them: as they are, or as the change since a mark; with the marks of what is not exact.
#pragma once

#include <string>

#include "viewers/model/figures.hpp"
#include "viewers/tui/state.hpp"
#include "viewers/tui/widgets.hpp"

namespace tidemark::tui {

enum class Unit { kBytes, kCount };

class Cells {
public:
    // `is_change`: amounts are shown as `value` less `base`, with a sign.
    Cells(bool ascii, bool is_change)
        : figures_(true, ascii), ascii_(ascii), is_change_(is_change) {}

    Span amount(const Amount& value, const Amount& base, Unit unit);
    // A peak: at most, if it is a sum of peaks; as a change how far the figure rose.
    Span peak(const Sums& sums, const Sums& base);
    Span peak(const model::PoolUsage& pool, const model::PoolUsage& base);
    // Each second; never a change.
    Span rate(const Amount& value, Unit unit);

    bool is_change() const { return is_change_; }
    model::Figures& figures() { return figures_; }

private:
    std::string signed_text(std::int64_t change, Unit unit) const;
    std::string text(std::uint64_t value, Unit unit) const;

    model::Figures figures_;
    bool ascii_;
    bool is_change_;
};

}  // namespace tidemark::tui
