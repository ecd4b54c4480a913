// SPDX-License-Identifier: Apache-2.0
//
// The one main() of every unit test; compiled once, since doctest's implementation takes seconds to build.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
