// SPDX-License-Identifier: Apache-2.0
//
// GET /metrics: what Prometheus scrapes, built anew for each scrape (viewers/export).
#pragma once

#include "viewers/web/api.hpp"

namespace tidemark::web {

// Work, since it reads two small files a running program below /proc. Parameters: processes=0 leaves programs out,
// pid_label=1 gives each a series of its own.
Answer metrics(const Request& request, Publication& publication);

}  // namespace tidemark::web
