// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/cells.hpp"

namespace tidemark::tui {

std::string Cells::text(std::uint64_t value, Unit unit) const {
    return unit == Unit::kBytes ? figures_.bytes(value) : figures_.count(value);
}

std::string Cells::signed_text(std::int64_t change, Unit unit) const {
    if (change == 0) return text(0, unit);
    const auto size =
        change < 0 ? ~static_cast<std::uint64_t>(change) + 1 : static_cast<std::uint64_t>(change);
    return (change < 0 ? "-" : "+") + text(size, unit);
}

Span Cells::amount(const Amount& value, const Amount& base, Unit unit) {
    if (!value.value || (is_change_ && !base.value)) return {kUnknown, kDim};
    const auto change = static_cast<std::int64_t>(*value.value - base.value.value_or(0));
    const bool exact = value.exact && (!is_change_ || base.exact);
    const std::string plain = is_change_ ? signed_text(change, unit) : text(*value.value, unit);
    const bool is_nothing = is_change_ ? change == 0 : *value.value == 0;
    const Style style = is_nothing                 ? Style::kDim
                        : is_change_ && change > 0 ? Style::kWarning
                        : is_change_               ? Style::kGood
                                                   : Style::kPlain;
    if (exact) return {plain, {style}};
    figures_.sum(*value.value, false);  // so that the mark is explained
    return {"~" + plain, {style}};
}

Span Cells::peak(const Sums& sums, const Sums& base) {
    Span cell = amount(sums.peak, base.peak, Unit::kBytes);
    if (sums.is_at_most && sums.peak.exact && sums.peak.value.value_or(0) != 0 && !is_change_) {
        model::PoolUsage usage;
        usage.peak_exact = false;
        figures_.peak(usage);
        cell.text.insert(0, ascii_ ? "<=" : "≤");
    }
    return cell;
}

Span Cells::peak(const model::PoolUsage& pool, const model::PoolUsage& base) {
    if (!is_change_) return {figures_.peak(pool), {}};
    return amount({pool.peak, pool.exact}, {base.peak, base.exact}, Unit::kBytes);
}

Span Cells::rate(const Amount& value, Unit unit) {
    if (!value.value) return {kUnknown, kDim};
    const std::string plain = text(*value.value, unit) + (unit == Unit::kBytes ? "/s" : "");
    return {value.exact ? plain : (ascii_ ? ">=" : "≥") + plain,
            {*value.value == 0 ? Style::kDim : Style::kPlain}};
}

}  // namespace tidemark::tui
