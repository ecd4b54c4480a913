// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/preloadable.hpp"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tidemark::cli {
namespace {

constexpr int kInterpreters = 4;  // as deep as the kernel follows scripts of scripts

std::string in_path(const std::string& command) {
    if (command.find('/') != std::string::npos) {
        return command;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    std::string folder;
    while (std::getline(folders, folder, ':')) {
        std::string candidate = folder + "/" + command;
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return {};
}

bool is_privileged(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return false;
    }
    const bool setuid = (status.st_mode & S_ISUID) != 0 && status.st_uid != ::geteuid();
    const bool setgid = (status.st_mode & S_ISGID) != 0 && status.st_gid != ::getegid();
    return setuid || setgid;
}

// Whether the program header table of a 64-bit ELF file names a dynamic linker.
Preloadable elf_answer(std::ifstream& file) {
    Elf64_Ehdr header{};
    file.seekg(0);
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    if (!file || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_phentsize != sizeof(Elf64_Phdr)) {
        return Preloadable::kUnknown;
    }
    file.seekg(static_cast<std::streamoff>(header.e_phoff));
    for (int i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr program{};
        file.read(reinterpret_cast<char*>(&program), sizeof program);
        if (!file) {
            return Preloadable::kUnknown;
        }
        if (program.p_type == PT_INTERP) {
            return Preloadable::kYes;
        }
    }
    return Preloadable::kStatic;
}

}  // namespace

Preloadable preloadable(const std::string& command) {
    std::string path = in_path(command);
    for (int depth = 0; depth < kInterpreters; ++depth) {
        std::ifstream file(path, std::ios::binary);
        std::string start(SELFMAG, '\0');
        file.read(start.data(), SELFMAG);
        if (!file) {
            return Preloadable::kUnknown;
        }
        if (std::memcmp(start.data(), ELFMAG, SELFMAG) == 0) {
            return is_privileged(path) ? Preloadable::kPrivileged : elf_answer(file);
        }
        if (!start.starts_with("#!")) {
            return Preloadable::kUnknown;
        }
        file.seekg(2);
        file >> path;
    }
    return Preloadable::kUnknown;
}

}  // namespace tidemark::cli
