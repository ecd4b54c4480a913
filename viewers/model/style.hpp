// SPDX-License-Identifier: Apache-2.0
//
// What a piece of text means to the eye. How a terminal, or a page, shows that is its own matter.
#pragma once

#include <cstddef>

namespace tidemark::model {

enum class Style { kPlain, kBold, kDim, kGood, kWarning, kBad, kAccent };
inline constexpr std::size_t kStyleCount = 7;

}  // namespace tidemark::model
