// SPDX-License-Identifier: Apache-2.0
#include "collector/instance_record.hpp"

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

constexpr std::size_t kRecordSize = 512;  // the longest socket path is 107 bytes

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

bool belongs_to(const std::string& path, uid_t owner) {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 && status.st_uid == owner;
}

// The text is its author's word. What root does because of it must not reach beyond what its author may do.
void confine(InstanceRecord& record, int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) record = {};
    record.owner = status.st_uid;
    if (record.owner != geteuid() && !belongs_to(record.control_socket, record.owner))
        record.control_socket.clear();
}

}  // namespace

std::string instance_lock_path(const std::string& instance) {
    return std::string(shm::kShmDirectory) + "tidemark." + instance + ".lock";
}

struct flock instance_lock_range() noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    return lock;
}

std::string record_text(const InstanceRecord& record) {
    const Json json = {{"pid", record.pid},
                       {"start_ticks", record.start_ticks},
                       {"pid_namespace", record.pid_namespace},
                       {"started_unix_ns", record.started_unix_ns},
                       {"ready", record.ready},
                       {"control_socket", record.control_socket}};
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    text.resize(kRecordSize - 1, ' ');
    text += '\n';
    return text;
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
    struct flock lock = instance_lock_range();
    if (fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        holder.state = InstanceHolder::State::kHeld;
        std::string text(kRecordSize, '\0');
        const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        holder.record = parse_record(text);
        confine(holder.record, descriptor);
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

int open_holder(const InstanceRecord& record) {
    if (record.pid <= 0 || record.pid_namespace != pid_namespace()) return -1;
    const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, record.pid, 0));
    // Compared after the descriptor holds the process: from here on it can't be another.
    const bool same =
        descriptor >= 0 && shm::read_start_ticks(record.pid) == record.start_ticks &&
        (record.owner == 0 || belongs_to("/proc/" + std::to_string(record.pid), record.owner));
    if (descriptor >= 0 && !same) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

}  // namespace tidemark::collector
