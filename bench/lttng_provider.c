/* SPDX-License-Identifier: Apache-2.0
 *
 * The code of lttng_provider.h's tracepoint. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "bench/lttng_provider.h"
