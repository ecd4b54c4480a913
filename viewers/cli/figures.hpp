// SPDX-License-Identifier: Apache-2.0
//
// The figures of viewers/model, as the verbs call them.
#pragma once

#include "viewers/model/figures.hpp"

namespace tidemark::cli {

using model::Figures;
using model::loss_sentence;

}  // namespace tidemark::cli
