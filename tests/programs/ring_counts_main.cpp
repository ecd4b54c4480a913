// SPDX-License-Identifier: Apache-2.0
//
// ring_counts INSTANCE [--remove]: prints as JSON what the instance's ring segments hold, and may take them away.
#include <cstdio>
#include <cstring>

#include "ring_counts.hpp"

int main(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') {
        std::fputs("usage: ring_counts INSTANCE [--remove]\n", stderr);
        return 2;
    }
    std::fputs(ring_counts::to_json(ring_counts::read_instance(argv[1])).c_str(), stdout);
    if (argc > 2 && std::strcmp(argv[2], "--remove") == 0) ring_counts::remove_instance(argv[1]);
    return 0;
}
