// SPDX-License-Identifier: Apache-2.0
//
// Where tt-metal has its MeshDevice.
#pragma once

#include "graph_tracking.hpp"
