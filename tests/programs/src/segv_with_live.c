/* SPDX-License-Identifier: Apache-2.0
 *
 * Dies by SIGSEGV with 1,000 blocks of 1,000 bytes allocated.
 */
#include <stdlib.h>
#include <sys/resource.h>

int main(void) {
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (int i = 0; i < 1000; ++i) {
        void* volatile block = malloc(1000);
        (void)block;
    }
    volatile int* volatile nowhere = NULL;
    *nowhere = 1;
    return 0;
}
