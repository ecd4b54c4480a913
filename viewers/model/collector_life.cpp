// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/collector_life.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

bool is_of(int descriptor, uid_t owner) {
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == owner;
}

bool is_free(int descriptor) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

}  // namespace

std::string lock_path(std::string_view instance) {
    return std::string(kShmDirectory) + "/tidemark." + std::string(instance) + ".lock";
}

bool collector_is_gone(const StatsReader& reader) {
    const std::string path = lock_path(reader.instance());
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) {
        return false;
    }
    const bool gone = is_of(descriptor, reader.header().collector_uid) && is_free(descriptor);
    ::close(descriptor);
    return gone;
}

}  // namespace tidemark::model
