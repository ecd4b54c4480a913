/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands for an extension module that was linked with the static producer library.
 */
#include <tidemark/producer.h>

void extension_allocate(uint64_t id, uint64_t size);

void extension_allocate(uint64_t id, uint64_t size) {
    tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, size);
}
