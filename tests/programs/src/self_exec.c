/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates, then executes itself in place: two images under one process id. Image n of 3 leaves n * 10 blocks of n * 100
 * bytes.
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
    const size_t image = argc > 1 ? (size_t)atoi(argv[1]) : 1;
    for (size_t i = 0; i < image * 10; ++i) {
        void* volatile block = malloc(image * 100);
        (void)block;
    }
    if (image == 3) return 0;
    char next[2] = {(char)('1' + image), 0};
    execl("/proc/self/exe", argv[0], next, (char*)NULL);
    return 1;
}
