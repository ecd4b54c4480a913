// SPDX-License-Identifier: Apache-2.0
//
// Prints the schema that the collector puts into the stats segment, for golden_test.py.
#include <iostream>

#include "tidemark/stats_schema.hpp"

int main() { std::cout << tidemark::stats_schema(); }
