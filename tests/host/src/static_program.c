/* SPDX-License-Identifier: Apache-2.0
 *
 * Linked statically: no loader, so nothing can be preloaded into it. Allocates, and ends with status 5.
 */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    void* volatile block = malloc(1000);
    free(block);
    puts("static");
    return 5;
}
