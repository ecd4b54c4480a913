// SPDX-License-Identifier: Apache-2.0
//
// What a model tells its kernel.
#pragma once

#include "models/checker/model.hpp"

namespace tidemark::model {

// True if that thread id belongs to no thread any more; threads of a model have their number plus one.
extern bool (*is_gone)(int tid);

}  // namespace tidemark::model
