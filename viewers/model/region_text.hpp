// SPDX-License-Identifier: Apache-2.0
//
// What tt-metal's own shared regions say of a device, in sentences: of programs that tell nothing themselves, and of a
// chip that is reached through another one. It is in no figure, so it stands apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viewers/model/figures.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// At most two; none where the regions say nothing that programs don't tell.
std::vector<std::string> region_sentences(const Snapshot& snapshot, std::uint32_t device,
                                          const Figures& figures);

}  // namespace tidemark::model
