// SPDX-License-Identifier: Apache-2.0
//
// The other path of the same header.
#pragma once

#include "tt-metalium/allocation_client.hpp"
