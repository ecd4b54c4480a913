// SPDX-License-Identifier: Apache-2.0
//
// Tells whoever started the collector that it is ready: a service manager (sd_notify(3)'s protocol: one datagram to
// $NOTIFY_SOCKET) and a descriptor named by --ready-fd. The protocol is thirty lines, so no library is linked for it.
#pragma once

#include <string_view>

namespace tidemark::collector {

// Sends `state` ("READY=1", "STOPPING=1", "WATCHDOG=1") to the service manager. True if there is none, or it was sent.
bool notify_service_manager(std::string_view state) noexcept;

// Writes `line` and a newline to the descriptor and closes it; does nothing for a negative one. False: nobody reads.
bool write_and_close(int descriptor, std::string_view line) noexcept;

}  // namespace tidemark::collector
