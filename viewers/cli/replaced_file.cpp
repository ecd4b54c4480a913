// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/replaced_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "viewers/cli/failure.hpp"
#include "viewers/cli/output.hpp"

namespace tidemark::cli {
namespace {

// mkostemp makes it for its owner alone; this one is for a scraper, as any file that the user makes.
int share(int fd) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return ::fchmod(fd, 0666 & ~mask) == 0 ? 0 : errno;
}

int rename_to(const char* from, const char* to, bool force) {
    const unsigned flags = force ? 0 : RENAME_NOREPLACE;
    return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) == 0 ? 0 : errno;
}

[[noreturn]] void fail(const std::string& path, int problem) {
    if (problem == EEXIST) {
        usage_error("cannot write " + path +
                    ": it exists already; name another file, or overwrite it with -f");
    }
    unavailable("cannot write " + path + ": " + std::strerror(problem) +
                "; what stood there is unchanged");
}

}  // namespace

bool is_replaceable(const std::optional<std::string>& path) {
    struct stat about {};
    return path && *path != "-" && (::stat(path->c_str(), &about) != 0 || S_ISREG(about.st_mode));
}

void replace_file(const std::string& path, std::string_view text, bool force) {
    if (!force && ::access(path.c_str(), F_OK) == 0) {
        fail(path, EEXIST);
    }
    std::string other = path + ".new-XXXXXX";
    const int fd = ::mkostemp(other.data(), O_CLOEXEC);
    if (fd < 0) {
        usage_error("cannot write " + path + ": " + std::strerror(errno) +
                    "; name a file that can be made");
    }
    int problem = write_all(fd, text);
    if (problem == 0) problem = share(fd);
    if (::close(fd) != 0 && problem == 0) problem = errno;
    if (problem == 0) problem = rename_to(other.c_str(), path.c_str(), force);
    if (problem != 0) {
        ::unlink(other.c_str());
        fail(path, problem);
    }
}

}  // namespace tidemark::cli
