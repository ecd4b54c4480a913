// SPDX-License-Identifier: Apache-2.0
//
// The runtime of libtidemark_producer.so, shown to producer libraries that are loaded into the same process after it
// (an extension module with the static library in it, say), so that they use its ring instead of making one each. The
// malloc tracker, where it is preloaded, comes before it in the loader's order, and then is used by all of them.
#include "producer/runtime_table.hpp"

TIDEMARK_EXPORT_RUNTIME;
