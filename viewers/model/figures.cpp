// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/figures.hpp"

#include "viewers/model/names.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::model {
namespace {

constexpr const char* kUnknown = "N/A";

}  // namespace

std::string Figures::bytes(std::uint64_t value) const {
    return units_ ? format_bytes(value) : std::to_string(value);
}

std::string Figures::count(std::uint64_t value) const {
    return units_ ? format_count(value) : std::to_string(value);
}

// What is there now may be more or less than shown once events were lost: allocations and frees both can be.
std::string Figures::about(bool exact, const std::string& text) {
    about_used_ = about_used_ || !exact;
    return exact ? text : "~" + text;
}

// A sum of events can only be too low.
std::string Figures::at_least(bool exact, const std::string& text) {
    least_used_ = least_used_ || !exact;
    return exact ? text : least_mark() + text;
}

std::string Figures::current(const PoolUsage& usage) {
    return about(usage.exact, bytes(usage.current));
}
std::string Figures::live(const PoolUsage& usage) { return about(usage.exact, count(usage.live)); }

std::string Figures::sum(const std::optional<std::uint64_t>& allocated, bool exact) {
    return allocated ? about(exact, bytes(*allocated)) : kUnknown;
}

std::string Figures::peak(const PoolUsage& usage) {
    if (!usage.exact) {
        return about(false, bytes(usage.peak));
    }
    most_used_ = most_used_ || !usage.peak_exact;
    return usage.peak_exact ? bytes(usage.peak) : most_mark() + bytes(usage.peak);
}

std::string Figures::total_allocated(const PoolUsage& usage) {
    return at_least(usage.exact, bytes(usage.total_allocated));
}

std::string Figures::allocations(const PoolUsage& usage) {
    return at_least(usage.exact, count(usage.allocations));
}

std::string Figures::frees(const PoolUsage& usage) {
    return at_least(usage.exact, count(usage.frees));
}

std::vector<std::string> Figures::footnotes() const {
    std::vector<std::string> notes;
    if (about_used_) {
        notes.emplace_back("~ not exact: events of this pool were lost");
    }
    if (least_used_) {
        notes.push_back(std::string(least_mark()) + " at least: events of this pool were lost");
    }
    if (most_used_) {
        notes.push_back(std::string(most_mark()) +
                        " at most: several programs moved at the same moment");
    }
    return notes;
}

std::string loss_sentence(const Loss& loss, const Figures& figures) {
    if (loss.total_count() == 0) {
        return {};
    }
    std::string causes;
    for (std::uint32_t cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        if (loss.count(cause) != 0) {
            const std::string number = loss.count(cause) == loss.total_count()
                                           ? ""
                                           : figures.count(loss.count(cause)) + " ";
            causes += (causes.empty() ? "" : ", ") + number + std::string(loss_words(cause));
        }
    }
    return "lost " + figures.count(loss.total_count()) +
           (loss.total_count() == 1 ? " event (" : " events (") +
           figures.bytes(loss.total_bytes()) + "): " + causes;
}

}  // namespace tidemark::model
