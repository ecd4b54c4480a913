// SPDX-License-Identifier: Apache-2.0
//
// A process may report through its ring and, by an older client in it, through a socket: two images, and one process's
// buffers counted twice. A device that its ring tells of is *covered* in the image that the socket made: its usages
// there are in no sum, no row and no leak report from then on.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/drain/image.hpp"

namespace tidemark::collector {

struct Covered {
    std::uint64_t image;  // the one that the socket made
    std::uint32_t device;
};

// True for all pools of a device alike.
bool is_covered(const Account& account, std::uint32_t device) noexcept;

// Marks what became covered in the image of a socket client; true if anything did. `found` gets each device once. The
// account is then to be sealed and counted. Drain thread only.
bool find_covered(Image& told_by_socket, std::vector<Covered>& found);

}  // namespace tidemark::collector
