// SPDX-License-Identifier: Apache-2.0
//
// The name of a collector: which one is meant when none is given, and which names are allowed. The lock that makes a
// name exclusive is in instance_lock.hpp.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace tidemark::collector {

inline constexpr std::size_t kMaxInstanceName =
    63;  // the stats header holds 64 with the terminating zero

// "system" for root, "user-<uid>" else; TIDEMARK_INSTANCE is the caller's business (options.cpp).
std::string default_instance(uid_t uid);

// [A-Za-z0-9._-], 1 to 63 characters; not one whose objects could be taken for others: tidemark.<instance>.<what>
// beside tidemark.ring.*, tidemark.tmp.*, tidemark.bell.*, tidemark.<instance>.account.*.
[[nodiscard]] bool valid_instance(std::string_view name, std::string& error);

}  // namespace tidemark::collector
