// SPDX-License-Identifier: Apache-2.0
//
// For tests that need root, a mount or another user. Without it such a test is skipped, and says so; where CI is set in
// the environment it fails instead, so that nobody takes a skipped promise for a kept one.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace tidemark::test {

// Ends the test binary (which holds nothing else) unless `there`. `what` completes "needs ...".
inline void require_or_skip(bool there, const char* what) {
    if (there) return;
    const char* ci = std::getenv("CI");
    const bool must_run = ci != nullptr && *ci != '\0';
    std::fprintf(stderr, "%s: needs %s\n", must_run ? "failed" : "skipped", what);
    std::_Exit(must_run ? 1 : 77);  // 77: SKIP_RETURN_CODE of TidemarkTest.cmake
}

inline void require_root() { require_or_skip(::geteuid() == 0, "root"); }

}  // namespace tidemark::test
