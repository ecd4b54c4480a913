// SPDX-License-Identifier: Apache-2.0
//
// Allocates wherever a program can: in a constructor of the highest priority, in static initialisation, in main, in a
// thread and its thread-local and key destructors, in exit handlers, in static destructors and in the last destructor
// function. Each place takes one block of a size of its own, 10007 times its number, and frees the block of the place
// before. Prints nothing; the exit status is the number of places that ran.
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>

namespace {

void* last;
int places;

void place() {
    void* const before = last;
    last = std::malloc(static_cast<std::size_t>(++places) * 10007);
    std::free(before);
}

[[gnu::constructor(101)]] void first_of_all() { place(); }

struct Static {
    Static() { place(); }
    ~Static() { place(); }
} of_static;

struct OfThread {
    ~OfThread() { place(); }
    char used = 0;
};

void* run(void* key) {
    static thread_local OfThread of_thread;
    of_thread.used = 1;
    place();
    pthread_setspecific(*static_cast<pthread_key_t*>(key), &last);
    return nullptr;
}

void in_thread() {
    pthread_key_t key;
    pthread_t thread;
    pthread_key_create(&key, [](void*) { place(); });
    pthread_create(&thread, nullptr, run, &key);
    pthread_join(thread, nullptr);
}

// Runs after the static destructors; what exit() was given is replaced by what was counted.
[[gnu::destructor(101)]] void last_of_all() {
    place();
    _exit(places);
}

}  // namespace

int main() {
    std::atexit(place);
    place();
    in_thread();
    return 0;
}
