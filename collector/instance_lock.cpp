// SPDX-License-Identifier: Apache-2.0
#include "collector/instance_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "shm/identity_raw.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;

// Fixed, so that one write replaces the record of a predecessor whole: the longest socket path is 107 bytes.
constexpr std::size_t kRecordSize = 512;
constexpr int kOpenFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
constexpr int kTries = 16;  // somebody removes and makes the object between two of our calls

struct flock lock_of_byte_0(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    return lock;
}

// Opened first and made only if missing: O_CREAT on another user's object in a sticky directory says EACCES where
// the owner check can say more (fs.protected_regular).
int open_or_create(const std::string& path) {
    for (int i = 0; i < kTries; ++i) {
        int descriptor = open(path.c_str(), kOpenFlags);
        if (descriptor >= 0 || errno != ENOENT) return descriptor;
        descriptor = open(path.c_str(), kOpenFlags | O_CREAT | O_EXCL, 0600);
        if (descriptor >= 0 || errno != EEXIST) return descriptor;
    }
    errno = EAGAIN;
    return -1;
}

// Empty if the object is one that we made.
std::string objection(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return std::strerror(errno);
    if (!S_ISREG(status.st_mode)) return "it is not a regular file; remove it";
    if (status.st_uid != geteuid()) {
        return "it belongs to uid " + std::to_string(status.st_uid) +
               "; choose another --instance, or have its owner remove it";
    }
    if (status.st_nlink > 1) return "it has other names (hard links); remove it";
    return {};
}

bool names_same_file(const std::string& path, int descriptor) {
    struct stat there {};
    struct stat here {};
    return lstat(path.c_str(), &there) == 0 && fstat(descriptor, &here) == 0 &&
           there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

std::uint64_t pid_namespace() {
    struct stat status {};
    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

InstanceRecord parse_record(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    InstanceRecord record;
    if (!json.is_object()) return record;
    try {
        record.start_ticks = json.at("start_ticks").get<std::uint64_t>();
        record.pid_namespace = json.at("pid_namespace").get<std::uint64_t>();
        record.started_unix_ns = json.at("started_unix_ns").get<std::uint64_t>();
        record.ready = json.at("ready").get<bool>();
        record.control_socket = json.at("control_socket").get<std::string>();
        record.pid = json.at("pid").get<pid_t>();
    } catch (const Json::exception&) {
        return InstanceRecord{};  // half written, or of another version: nothing is known
    }
    return record;
}

}  // namespace

std::string instance_lock_path(const std::string& instance) {
    return std::string(shm::kShmDirectory) + "tidemark." + instance + ".lock";
}

InstanceLock::~InstanceLock() {
    if (descriptor_ >= 0) close(descriptor_);
}

InstanceLock::Taken InstanceLock::take(const std::string& instance, std::string& error) {
    path_ = instance_lock_path(instance);
    const auto failed = [&](const std::string& reason) {
        error = "cannot lock instance " + instance + " (" + path_ + "): " + reason;
        return Taken::kFailed;
    };
    for (int i = 0; i < kTries; ++i) {
        if (descriptor_ >= 0) close(descriptor_);
        descriptor_ = open_or_create(path_);
        if (descriptor_ < 0) {
            return failed(
                std::string(std::strerror(errno)) +
                (errno == ELOOP ? "; it is a symbolic link: remove it" : "; see tidemark doctor"));
        }
        const std::string reason = objection(descriptor_);
        if (!reason.empty()) return failed(reason);
        struct flock lock = lock_of_byte_0(F_WRLCK);
        if (fcntl(descriptor_, F_OFD_SETLK, &lock) != 0) {
            if (errno == EAGAIN || errno == EACCES) return Taken::kHeldByAnother;
            return failed(std::strerror(errno));
        }
        // A predecessor that leaves nothing behind may have unlinked the object before we locked it.
        if (names_same_file(path_, descriptor_)) return Taken::kYes;
    }
    return failed("it is replaced again and again; find out by whom");
}

bool InstanceLock::write(const InstanceRecord& record, std::string& error) {
    const Json json = {{"pid", record.pid},
                       {"start_ticks", record.start_ticks},
                       {"pid_namespace", record.pid_namespace},
                       {"started_unix_ns", record.started_unix_ns},
                       {"ready", record.ready},
                       {"control_socket", record.control_socket}};
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    text.resize(kRecordSize - 1, ' ');
    text += '\n';
    if (pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
        return true;
    error = "cannot write " + path_ + ": " + std::strerror(errno) + "; free space in /dev/shm";
    return false;
}

bool InstanceLock::in_place() const noexcept {
    return descriptor_ >= 0 && names_same_file(path_, descriptor_);
}

void InstanceLock::remove() noexcept {
    if (in_place()) unlink(path_.c_str());
}

InstanceHolder inspect_instance(const std::string& instance) {
    InstanceHolder holder;
    const std::string path = instance_lock_path(instance);
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) {
        if (errno == ENOENT) return holder;
        holder.state = InstanceHolder::State::kUntold;
        holder.error = "cannot tell whether a collector runs: " + path + ": " +
                       std::strerror(errno) + "; its owner and root may look";
        return holder;
    }
    struct flock lock = lock_of_byte_0(F_WRLCK);
    if (fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        holder.state = InstanceHolder::State::kHeld;
        std::string text(kRecordSize, '\0');
        const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        holder.record = parse_record(text);
    }
    close(descriptor);
    return holder;
}

InstanceRecord own_record() {
    InstanceRecord record;
    record.pid = getpid();
    record.start_ticks = shm::read_start_ticks(record.pid);
    record.pid_namespace = pid_namespace();
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    record.started_unix_ns = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                             static_cast<std::uint64_t>(now.tv_nsec);
    return record;
}

int open_holder(const InstanceRecord& record) noexcept {
    if (record.pid <= 0 || record.pid_namespace != pid_namespace()) return -1;
    const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, record.pid, 0));
    // Compared after the descriptor holds the process: from here on it can't be another.
    if (descriptor >= 0 && shm::read_start_ticks(record.pid) != record.start_ticks) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

}  // namespace tidemark::collector
