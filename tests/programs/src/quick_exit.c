/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates 300 blocks of 30 bytes, frees 100, and ends by _exit with status 7: no exit handler runs.
 */
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    void* blocks[300];
    for (int i = 0; i < 300; ++i)
        blocks[i] = malloc(30);
    for (int i = 0; i < 100; ++i)
        free(blocks[i]);
    _exit(7);
}
