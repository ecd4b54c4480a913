// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace tidemark::test {

// A /dev/shm of its own for this test process and all that it starts, so that the user's bell page is its own too, and
// no other collector sees what is done there. False for who may not mount.
inline bool has_private_shared_memory() {
    static const bool done =
        geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=2g,mode=1777") == 0;
    return done;
}

}  // namespace tidemark::test
