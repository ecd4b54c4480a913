// SPDX-License-Identifier: Apache-2.0
//
// The parameters of a request, read and checked. The first thing that is wrong is kept, so that a route reads all of its
// parameters and then asks once whether they were right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viewers/web/message.hpp"
#include "viewers/web/selection.hpp"
#include "viewers/web/target.hpp"

namespace tidemark::web {

// A part of a list.
struct Page {
    std::size_t offset = 0;
    std::size_t limit = 0;
};

class Parameters {
public:
    // `known`: the names that the route has; any other is wrong.
    Parameters(const Target& target, std::initializer_list<std::string_view> known);

    // A whole number from `lowest` to `highest`; `fallback` if it is missing.
    std::uint64_t number(std::string_view name, std::uint64_t fallback, std::uint64_t highest,
                         std::uint64_t lowest = 0);
    // One of `words`, the first of which stands for a missing one.
    std::string one_of(std::string_view name, std::initializer_list<std::string_view> words);
    // Free text; empty if it is missing.
    std::string text(std::string_view name);
    // "a,b" or repeated.
    std::vector<std::string> list(std::string_view name) const;
    // `offset` and `limit`.
    Page page(std::size_t most);
    // `device`, `pid` and `pool`.
    model::Filter filter();
    // The same and `user`, `name`.
    Selection selection();

    // 400 with what is wrong; nothing if all is right.
    const std::optional<Response>& problem() const { return problem_; }

private:
    // What takes one value: given twice, it is wrong.
    std::optional<std::string> single(std::string_view name);
    // The words of a list, none of whose values is empty.
    std::vector<std::string> numbers(std::string_view name, const std::string& takes);
    void wrong(std::string_view name, const std::string& takes);

    const Target& target_;
    std::optional<Response> problem_;
};

}  // namespace tidemark::web
