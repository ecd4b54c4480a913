// SPDX-License-Identifier: Apache-2.0
//
// All models, each of which must hold, and the litmus tests of the checker.
#pragma once

#include <vector>

#include "models/checker/model.hpp"

namespace tidemark::model {

struct Litmus {
    Model model;
    bool is_allowed;  // a counter-example must be found
};
const std::vector<Litmus>& litmus_tests();

const std::vector<Model>& models();

}  // namespace tidemark::model
