/* SPDX-License-Identifier: Apache-2.0
 *
 * The tracepoint that lttng.cpp measures: what an event of Tidemark says, without the stamp, which LTTng takes itself. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER tidemark_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "bench/lttng_provider.h"

#if !defined(TIDEMARK_BENCH_LTTNG_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TIDEMARK_BENCH_LTTNG_PROVIDER_H

#include <lttng/tracepoint.h>
#include <stdint.h>

/* clang-format off */
LTTNG_UST_TRACEPOINT_EVENT(
    tidemark_bench, event,
    LTTNG_UST_TP_ARGS(uint64_t, id, uint64_t, size, uint32_t, device),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, id, id)
        lttng_ust_field_integer(uint64_t, size, size)
        lttng_ust_field_integer(uint32_t, device, device)
    )
)
/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>
