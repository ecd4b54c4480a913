/* SPDX-License-Identifier: Apache-2.0
 *
 * A deterministic C program: every function of the malloc family, and libc functions that allocate by themselves.
 * Its figures are compared with valgrind's, so it does nothing that depends on time, addresses or the environment.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* The compiler may not remove an allocation whose block came by here. */
static void* volatile sink;
static void* keep(void* block) {
    sink = block;
    return sink;
}

static void every_function(void) {
    void* block[9];
    void* aligned = NULL;
    block[0] = keep(malloc(1));
    block[1] = keep(malloc(0));
    block[2] = keep(calloc(10, 33));
    block[3] = keep(realloc(NULL, 100));
    block[3] = keep(realloc(block[3], 10000));
    block[3] = keep(realloc(block[3], 50));
    block[4] = keep(reallocarray(NULL, 7, 11));
    block[5] = keep(memalign(256, 1000));
    block[6] = keep(aligned_alloc(64, 640));
    if (posix_memalign(&aligned, 4096, 5000) != 0) abort();
    block[7] = keep(aligned);
    block[8] = keep(valloc(123));
    for (int i = 0; i < 9; ++i)
        free(block[i]);
    free(NULL);
    free(keep(malloc((size_t)64 << 20))); /* mapped, not from the heap */
}

static void failures(void) {
    volatile size_t huge = SIZE_MAX / 2;
    volatile size_t odd = 3;
    void* volatile block = keep(malloc(77));
    if (keep(realloc(block, huge)) != NULL) abort(); /* the block stays */
    if (keep(calloc(huge, odd)) != NULL) abort();
    if (keep(reallocarray(NULL, huge, odd)) != NULL) abort();
    free(block);
}

static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

static void library(const char* directory) {
    char path[512];
    char* line = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/lines.txt", directory);
    FILE* file = fopen(path, "w+");
    for (int i = 0; i < 2000; ++i)
        fprintf(file, "%0*d\n", i % 300 + 1, i);
    rewind(file);
    while (getline(&line, &size, file) > 0)
        sink = strdup(line), free(sink);
    free(line);
    fclose(file);
    remove(path);

    char* text = NULL;
    FILE* stream = open_memstream(&text, &size);
    for (int i = 0; i < 3000; ++i)
        fprintf(stream, "%d ", i);
    fclose(stream);
    free(text);

    static int numbers[300000];
    for (long i = 0; i < 300000; ++i)
        numbers[i] = (int)(i * 7919 % 300007);
    qsort(numbers, 300000, sizeof numbers[0], compare);

    regex_t expression;
    if (regcomp(&expression, "^(a|bc)*[[:digit:]]+(x{2,5}|y)$", REG_EXTENDED) != 0) abort();
    if (regexec(&expression, "abca42xxx", 0, NULL, 0) != 0) abort();
    regfree(&expression);

    DIR* entries = opendir(directory);
    while (readdir(entries) != NULL) {
    }
    closedir(entries);
    setenv("TIDEMARK_GROUND_TRUTH", "a value that is kept", 1);
    setlocale(LC_ALL, "C.UTF-8");
}

static void* in_thread(void* number) {
    void* blocks[200];
    for (size_t i = 0; i < 200; ++i)
        blocks[i] = keep(malloc(i + (size_t)number));
    for (size_t i = 0; i < 200; ++i)
        free(blocks[i]);
    return keep(malloc(19));
}

/* One after the other: libc keeps no arena of a thread that is gone, so their order decides nothing. */
static void threads(void) {
    for (size_t i = 0; i < 4; ++i) {
        pthread_t thread;
        void* left = NULL;
        if (pthread_create(&thread, NULL, in_thread, (void*)i) != 0) abort();
        pthread_join(thread, &left);
        free(left);
    }
}

int main(int argc, char** argv) {
    every_function();
    failures();
    library(argc > 1 ? argv[1] : ".");
    threads();
    for (int i = 0; i < 25; ++i)
        keep(malloc(40)); /* left allocated */
    puts("ground truth: done");
    return 0;
}
