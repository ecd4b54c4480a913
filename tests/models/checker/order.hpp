// SPDX-License-Identifier: Apache-2.0
//
// Memory orders as the compiler hands them to the hooks, and what of them a mutant takes away.
#pragma once

#include <cstdint>

namespace tidemark::model {

struct Order {
    bool acquires = false;
    bool releases = false;
    bool is_total = false;  // seq_cst
};

constexpr Order order_of(int compiler) {
    return {compiler == 1 || compiler == 2 || compiler >= 4, compiler >= 3, compiler == 5};
}

}  // namespace tidemark::model
