// SPDX-License-Identifier: Apache-2.0
//
// Asking the dynamic loader who comes next. Kept apart so that tests can answer in its place.
#include <dlfcn.h>
#include <link.h>

#include "producer/malloc/next.hpp"

namespace tidemark::tracker {

void* find_next(const char* name) noexcept { return dlsym(RTLD_NEXT, name); }

CodeRange find_foreign_allocator(const void* function) noexcept {
    Dl_info allocator{};
    Dl_info libc{};
    if (dladdr(function, &allocator) == 0) return {0, 0};
    if (dladdr(dlsym(RTLD_NEXT, "gnu_get_libc_version"), &libc) == 0) return {0, 0};
    if (allocator.dli_fbase == libc.dli_fbase) return {0, 0};
    // The first page of a loaded object holds its ELF header and, wherever linkers put them, its program headers.
    const auto base = reinterpret_cast<std::uintptr_t>(allocator.dli_fbase);
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(base);
    if (header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > 4096) return {0, 0};
    const auto* segments = reinterpret_cast<const ElfW(Phdr)*>(base + header->e_phoff);
    std::uintptr_t size = 0;
    for (int i = 0; i < header->e_phnum; ++i) {
        const std::uintptr_t end = segments[i].p_vaddr + segments[i].p_memsz;
        if (segments[i].p_type == PT_LOAD && end > size) size = end;
    }
    return {base, size};
}

}  // namespace tidemark::tracker
