// SPDX-License-Identifier: Apache-2.0
//
// Where this installation's other parts are: the collector's program and the malloc tracker. Found from the place of
// the running binary, so that a build folder, /usr and /opt all work without configuration.
#pragma once

#include <string>

namespace tidemark::cli {

// A path, or empty with `error` saying where it was looked for.
struct Found {
    std::string path;
    std::string error;
};

// `tidemarkd`: beside this binary, in ../bin, in PATH.
Found find_collector();

// `libtidemark_malloc.so`: TIDEMARK_MALLOC_LIB, then ../lib, ../lib/tidemark and the library folder of the build.
Found find_malloc_tracker();

// The producer's library: TIDEMARK_PRODUCER_LIBRARY, then as above.
Found find_producer_library();

}  // namespace tidemark::cli
