// SPDX-License-Identifier: Apache-2.0
//
// A process's identity, from /proc and the kernel.
#include "shm/identity_raw.hpp"

#include <string.h>
#include <sys/stat.h>

#include "shm/clock.hpp"
#include "shm/raw_file.hpp"

namespace tidemark::shm {
namespace {

constexpr Word kGetrandomInsecure = 4;  // never blocks, also early in boot; Linux 5.6

// The inode behind a link of /proc/self/ns.
std::uint64_t namespace_inode(const char* path) noexcept {
    struct stat status {};
    if (raw_syscall(SYS_newfstatat, AT_FDCWD, word(path), word(&status), 0) != 0) return 0;
    return status.st_ino;
}

void read_name(char (&name)[16]) noexcept {
    char text[32];
    std::size_t size = read_small_file("/proc/self/comm", text, sizeof text);
    if (size > 0 && text[size - 1] == '\n') --size;
    if (size > sizeof name - 1) size = sizeof name - 1;
    memset(name, 0, sizeof name);
    memcpy(name, text, size);
}

void read_command(char (&command)[256]) noexcept {
    memset(command, 0, sizeof command);
    std::size_t size = read_small_file("/proc/self/cmdline", command, sizeof command);
    while (size > 0 && command[size - 1] == '\0')
        --size;
    for (std::size_t i = 0; i < size; ++i)
        if (command[i] == '\0') command[i] = ' ';
}

}  // namespace

std::int32_t own_pid() noexcept { return static_cast<std::int32_t>(raw_syscall(SYS_getpid)); }
std::int32_t own_tid() noexcept { return static_cast<std::int32_t>(raw_syscall(SYS_gettid)); }

std::uint64_t parse_start_ticks(const char* stat, std::size_t size) noexcept {
    std::size_t at = size;
    while (at > 0 && stat[at - 1] != ')')
        --at;
    if (at == 0) return 0;
    // After ") " comes field 3; each further field starts after one space.
    for (int field = 2; field < 22; ++at) {
        if (at >= size) return 0;
        if (stat[at] == ' ') ++field;
    }
    std::uint64_t ticks = 0;
    for (; at < size && stat[at] >= '0' && stat[at] <= '9'; ++at)
        ticks = ticks * 10 + static_cast<std::uint64_t>(stat[at] - '0');
    return ticks;
}

std::uint64_t read_start_ticks(std::int32_t pid) noexcept {
    char path[48];
    char stat[1024];
    char* end = put_text(path, "/proc/");
    end = put_decimal(end, static_cast<std::uint32_t>(pid));
    put_text(end, "/stat");
    return parse_start_ticks(stat, read_small_file(path, stat, sizeof stat));
}

std::uint64_t random_image_id() noexcept {
    std::uint64_t id = 0;
    if (raw_syscall(SYS_getrandom, word(&id), sizeof id, kGetrandomInsecure) != sizeof id &&
        raw_syscall(SYS_getrandom, word(&id), sizeof id, 0) != sizeof id) {
        id = monotonic_ns() * 0x9E3779B97F4A7C15ull;
        id ^= (static_cast<std::uint64_t>(own_pid()) << 40) ^ reinterpret_cast<std::uintptr_t>(&id);
    }
    return id != 0 ? id : 1;
}

void read_own_identity(Identity& identity) noexcept {
    char stat[1024];
    identity.pid = own_pid();
    identity.parent_pid = static_cast<std::int32_t>(raw_syscall(SYS_getppid));
    identity.uid = static_cast<std::uint32_t>(raw_syscall(SYS_geteuid));
    identity.start_ticks =
        parse_start_ticks(stat, read_small_file("/proc/self/stat", stat, sizeof stat));
    identity.pid_namespace = namespace_inode("/proc/self/ns/pid");
    read_name(identity.name);
    read_command(identity.command);
}

}  // namespace tidemark::shm
