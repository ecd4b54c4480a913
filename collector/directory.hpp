// SPDX-License-Identifier: Apache-2.0
//
// Where the control socket lies: a directory that only its owner can write, made if it is missing, refused if somebody
// else could have put a socket or a link there.
#pragma once

#include <string>

namespace tidemark::collector {

// <directory>/<instance>.sock; the directory is /run/tidemark for root, $XDG_RUNTIME_DIR/tidemark for others, and
// /tmp/tidemark-<uid> where that cannot be had. False: `error` names each place and why it would not do. At start.
[[nodiscard]] bool control_socket_path(const std::string& instance, std::string& path,
                                       std::string& error);

}  // namespace tidemark::collector
