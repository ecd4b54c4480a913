/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for Tracy's client: the four macros that the monitor uses, each of which records its call. The real header
 * documents them; nothing of it is here.
 */
#ifndef TIDEMARK_STAND_IN_TRACYC_H
#define TIDEMARK_STAND_IN_TRACYC_H

#include <stddef.h>

void stand_in_tracy_allocation(const void* pointer, size_t size, int depth, const char* name);
void stand_in_tracy_free(const void* pointer, int depth, const char* name);

#define TracyCAllocN(pointer, size, name) stand_in_tracy_allocation(pointer, size, 0, name)
#define TracyCAllocNS(pointer, size, depth, name) \
    stand_in_tracy_allocation(pointer, size, depth, name)
#define TracyCFreeN(pointer, name) stand_in_tracy_free(pointer, 0, name)
#define TracyCFreeNS(pointer, depth, name) stand_in_tracy_free(pointer, depth, name)

#endif
