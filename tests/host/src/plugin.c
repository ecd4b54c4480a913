/* SPDX-License-Identifier: Apache-2.0
 *
 * A plug-in that reports its buffers; see loads_plugins.c. Built with the producer library linked in, and again with the
 * shared one.
 */
#include <tidemark/producer.h>

__attribute__((visibility("default"))) int32_t plugin_works(uint64_t id) {
    tidemark_allocation(1, TIDEMARK_POOL_DRAM, id, 100);
    tidemark_allocation(1, TIDEMARK_POOL_L1, id, 10);
    tidemark_free(1, TIDEMARK_POOL_L1, id);
    return tidemark_enabled();
}
