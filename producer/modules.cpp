// SPDX-License-Identifier: Apache-2.0
//
// Reading the mappings, and the build id of each file from its own mapped bytes: by the kernel, since another thread
// may unmap them meanwhile.
#include "producer/modules.hpp"

#include <elf.h>
#include <string.h>
#include <sys/uio.h>

#include "shm/clock.hpp"
#include "shm/identity_raw.hpp"
#include "shm/kill_point.hpp"
#include "shm/raw_maps.hpp"
#include "shm/raw_syscall.hpp"

namespace tidemark::producer {
namespace {

constexpr std::uint32_t kLooksAtOnce = 16;
constexpr std::uint64_t kBetweenLooks_ns = 100'000'000;
constexpr std::uint64_t kPage = 4096;

// Among the notes in `bytes`, four-byte aligned: the GNU build id.
void find_build_id(const std::byte* notes, std::uint64_t bytes, shm::Module& module) noexcept {
    std::uint64_t at = 0;
    while (at + sizeof(Elf64_Nhdr) <= bytes) {
        Elf64_Nhdr note;
        memcpy(&note, notes + at, sizeof note);
        const std::uint64_t name = at + sizeof note;
        const std::uint64_t content = name + ((std::uint64_t{note.n_namesz} + 3) & ~3ull);
        const std::uint64_t end = content + ((std::uint64_t{note.n_descsz} + 3) & ~3ull);
        if (end > bytes) return;
        const bool is_id = note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                           memcmp(notes + name, "GNU", 4) == 0 &&
                           note.n_descsz <= sizeof module.build_id;
        if (is_id) {
            memcpy(module.build_id, notes + content, note.n_descsz);
            module.build_id_size = note.n_descsz;
            return;
        }
        at = end;
    }
}

bool is_same_file(const shm::Mapping& mapping, const shm::Module& module) noexcept {
    return mapping.inode == module.inode && mapping.device_major == module.device_major &&
           mapping.device_minor == module.device_minor;
}

void fill(const shm::Mapping& mapping, shm::Module& module) noexcept {
    memset(&module, 0, sizeof module);
    module.begin = mapping.begin;
    module.end = mapping.end;
    module.file_offset = mapping.file_offset;
    module.inode = mapping.inode;
    module.device_major = mapping.device_major;
    module.device_minor = mapping.device_minor;
    static_assert(sizeof module.path == sizeof mapping.path);
    memcpy(module.path, mapping.path, sizeof module.path);
}

}  // namespace

bool copy_own_memory(std::uint64_t from, void* to, std::uint64_t bytes) noexcept {
    const iovec local{to, bytes};
    const iovec remote{reinterpret_cast<void*>(from), bytes};
    const shm::Word got = shm::raw_syscall(SYS_process_vm_readv, shm::own_pid(), shm::word(&local),
                                           1, shm::word(&remote), 1, 0);
    return got == static_cast<shm::Word>(bytes);
}

void ModuleTable::begin(const shm::RawRing& ring, std::uint64_t offset) noexcept {
    modules = reinterpret_cast<shm::Module*>(ring.base + offset);
}

bool ModuleTable::knows(std::uint64_t address) const noexcept {
    const std::uint32_t count = __atomic_load_n(&used, __ATOMIC_RELAXED);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t first = __atomic_load_n(&ranges[i].begin, __ATOMIC_RELAXED);
        if (address - first < __atomic_load_n(&ranges[i].end, __ATOMIC_RELAXED) - first)
            return true;
    }
    return false;
}

std::uint64_t ModuleTable::unwind_header(std::uint64_t address) const noexcept {
    for (std::uint32_t i = used; i-- > 0;)
        if (address - ranges[i].begin < ranges[i].end - ranges[i].begin)
            return ranges[i].unwind_header;
    return 0;
}

bool ModuleTable::is_time() const noexcept {
    const std::uint64_t next = __atomic_load_n(&next_ns, __ATOMIC_RELAXED);
    return next == 0 || shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) >= next;
}

bool ModuleTable::has(const shm::Module& module) const noexcept {
    for (std::uint32_t i = used; i-- > 0;) {
        const shm::Module& known = modules[i];
        const bool overlaps = known.begin < module.end && module.begin < known.end;
        // The newest that overlaps is the one that counts.
        if (overlaps)
            return known.begin == module.begin && known.end == module.end &&
                   known.inode == module.inode && known.file_offset == module.file_offset &&
                   known.device_major == module.device_major &&
                   known.device_minor == module.device_minor;
    }
    return false;
}

bool ModuleTable::add(const shm::RawRing& ring, const shm::Module& module,
                      std::uint64_t unwind_header) noexcept {
    if (used == shm::kModuleEntries) return false;
    const auto offset =
        static_cast<std::uint64_t>(reinterpret_cast<std::byte*>(modules + used) - ring.base);
    if (shm::populate(ring, offset, sizeof module) != 0) return false;
    TIDEMARK_SHARED_STORE("module.entry", memcpy(modules + used, &module, sizeof module));
    __atomic_store_n(&ranges[used].begin, module.begin, __ATOMIC_RELAXED);
    __atomic_store_n(&ranges[used].end, module.end, __ATOMIC_RELAXED);
    ranges[used].unwind_header = unwind_header;
    __atomic_store_n(&used, used + 1, __ATOMIC_RELAXED);
    auto& header = *reinterpret_cast<shm::RingHeader*>(ring.base);
    // SYNC(modules): release, so that the consumer finds the entry complete.
    TIDEMARK_SHARED_STORE("module.used",
                          __atomic_store_n(&header.modules_used, used, __ATOMIC_RELEASE));
    return true;
}

// Its build id, and where its unwind tables are mapped. base: where its first byte is.
std::uint64_t ModuleTable::read_file(std::uint64_t base, shm::Module& module) noexcept {
    Elf64_Ehdr file;
    if (!copy_own_memory(base, &file, sizeof file) || memcmp(file.e_ident, ELFMAG, SELFMAG) != 0 ||
        file.e_phentsize != sizeof(Elf64_Phdr))
        return 0;
    Elf64_Phdr parts[24];
    const std::uint32_t count = file.e_phnum < 24u ? file.e_phnum : 24u;
    if (!copy_own_memory(base + file.e_phoff, parts, count * sizeof(Elf64_Phdr))) return 0;
    std::uint64_t bias = base;
    std::uint64_t unwind_header = 0;
    for (std::uint32_t i = 0; i < count; ++i)
        if (parts[i].p_type == PT_LOAD && parts[i].p_offset == 0)
            bias = base - (parts[i].p_vaddr & ~(kPage - 1));
    for (std::uint32_t i = 0; i < count; ++i) {
        if (parts[i].p_type == PT_GNU_EH_FRAME) unwind_header = bias + parts[i].p_vaddr;
        if (parts[i].p_type != PT_NOTE || module.build_id_size != 0) continue;
        const std::uint64_t bytes =
            parts[i].p_filesz < sizeof scratch ? parts[i].p_filesz : sizeof scratch;
        if (copy_own_memory(bias + parts[i].p_vaddr, scratch, bytes))
            find_build_id(scratch, bytes, module);
    }
    return unwind_header;
}

void ModuleTable::look(const shm::RawRing& ring) noexcept {
    __atomic_store_n(&wanted, 0u, __ATOMIC_RELAXED);
    if (++looks >= kLooksAtOnce)
        __atomic_store_n(&next_ns, shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) + kBetweenLooks_ns,
                         __ATOMIC_RELAXED);
    shm::Mapping mapping;
    shm::Module first{};  // the beginning of the file that was mapped last
    shm::Module module;
    shm::MapsReader maps;
    while (maps.next(mapping)) {
        if (mapping.path[0] != '/' && mapping.path_fits) continue;
        if (mapping.file_offset == 0 && !is_same_file(mapping, first)) fill(mapping, first);
        if (!mapping.executable) continue;
        fill(mapping, module);
        if (has(module)) continue;
        const bool is_whole = is_same_file(mapping, first);
        if (!add(ring, module, is_whole ? read_file(first.begin, module) : 0)) return;
    }
}

}  // namespace tidemark::producer
