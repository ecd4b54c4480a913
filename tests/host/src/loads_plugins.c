/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads each of the plug-ins that its arguments name, lets it work in a new thread, forks a child that lets it work once
 * more, and unloads it; 50 rounds. Each load of plugin.c's work is two allocations and a free. After a failed dlopen and
 * the first work, dlerror still tells of that failure.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 50 };

typedef int32_t (*Work)(uint64_t);

static Work work;
static uint64_t next_id;

static void* in_a_thread(void* unused) {
    work(++next_id);
    return unused;
}

static int one_round(const char* path) {
    pthread_t thread;
    void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) return 1;
    work = (Work)(uintptr_t)dlsym(plugin, "plugin_works");
    if (work == NULL || pthread_create(&thread, NULL, in_a_thread, NULL) != 0) return 2;
    pthread_join(thread, NULL);
    const pid_t child = fork();
    if (child == 0) {
        work(1000000 + next_id);
        dlclose(plugin);
        exit(0);
    }
    int status = 1;
    if (waitpid(child, &status, 0) != child || status != 0) return 3;
    if (dlopen("/nonexistent.so", RTLD_NOW) != NULL) return 4;
    work(++next_id);
    if (dlerror() == NULL) return 5;
    return dlclose(plugin) == 0 ? 0 : 6;
}

int main(int count, char** arguments) {
    for (int round = 0; round < ROUNDS; ++round)
        for (int i = 1; i < count; ++i) {
            const int failed = one_round(arguments[i]);
            if (failed != 0) return failed;
        }
    return 0;
}
