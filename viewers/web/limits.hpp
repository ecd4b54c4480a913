// SPDX-License-Identifier: Apache-2.0
//
// Every limit of the HTTP server, once. docs/web.md lists them and tests/unit/web/limits_test.py compares it with this
// file; what each one stops is tried in tests/web and tests/unit/web.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tidemark::web {

// ---- A request
inline constexpr std::size_t kRequestBytes = 8192;  // request line and headers together; more: 431
inline constexpr std::size_t kRequestHeaders = 64;  // more: 431
inline constexpr std::size_t kTargetBytes = 2048;   // path and parameters; more: 414
inline constexpr std::size_t kPageEntries =
    1000;  // of one answer's processes; `limit` beyond it: 400
inline constexpr std::size_t kBufferEntries = 10'000;  // the same of buffers
inline constexpr std::size_t kDefaultEntries = 100;    // where no `limit` is named

// ---- Time
inline constexpr std::chrono::seconds kRequestTime{10};  // to send a request's head, or be idle
inline constexpr std::chrono::seconds kWriteTime{30};    // to take an answer or an event
inline constexpr std::chrono::seconds kEndTime{2};       // for what is under way at SIGTERM

// ---- Connections and rate
inline constexpr std::size_t kConnections = 512;            // more: 503
inline constexpr std::size_t kConnectionsPerAddress = 256;  // more: 503
inline constexpr double kRequestsPerSecond = 100;           // of an address, on average; more: 429
inline constexpr double kRequestBurst = 400;                // of an address, at once
inline constexpr std::size_t kAddresses = 4096;             // whose rate is remembered
inline constexpr std::size_t kTurnedAway = 64;    // are told so; more: closed without a word
inline constexpr std::size_t kDiscarded = 65536;  // read and forgotten of who is refused or follows
inline constexpr std::size_t kQueuedWork = 8;     // lists of buffers that wait; more: 503
inline constexpr std::size_t kQueuedScrapes = 8;  // the same of metrics

// ---- Live data
inline constexpr std::chrono::milliseconds kSharedFor{100};      // a reading serves all who ask
inline constexpr std::chrono::milliseconds kStreamTick{100};     // so at most ten events a second
inline constexpr std::chrono::milliseconds kStreamDefault{500};  // `interval_ms` of a stream
inline constexpr std::chrono::milliseconds kStreamLongest{60'000};
inline constexpr std::size_t kStreamEvents =
    600;  // whose changes since are known; older: the whole
inline constexpr std::chrono::seconds kHeartbeat{15};  // a comment on streams without news
inline constexpr std::chrono::seconds kReopen{1};      // looks for a collector that was not there

// ---- Token
inline constexpr std::size_t kTokenBytes = 16;  // at least

}  // namespace tidemark::web
