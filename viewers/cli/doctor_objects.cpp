// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/doctor_objects.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "viewers/cli/figures.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

// A temporary object is locked right after it was made; this much later it never will be.
constexpr std::uint64_t kYoungMs = 10000;

// A collector takes a ring within milliseconds; what nobody took for so long waits for an instance that may never run.
constexpr std::uint64_t kForgottenMs = 60000;

bool starts(std::string_view text, std::string_view with) { return text.starts_with(with); }

struct flock lock_of_byte(off_t byte) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

bool is_locked(int fd, off_t byte) {
    struct flock lock = lock_of_byte(byte);
    return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// An object that we may not open is taken for alive: nothing is ever done to it.
void look_at(int folder, ShmObject& object) {
    struct stat status {};
    if (::fstatat(folder, object.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    object.uid = status.st_uid;
    object.mode = status.st_mode;
    object.bytes = static_cast<std::uint64_t>(status.st_blocks) * 512;
    const std::uint64_t changed = static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1000;
    const std::uint64_t now = model::unix_now_ns() / 1'000'000;
    object.age_ms = now > changed ? now - changed : 0;
    const int fd =
        ::openat(folder, object.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    object.producer_lives = fd < 0 || is_locked(fd, 0);
    object.consumer_lives = fd < 0 || is_locked(fd, 1);
    if (fd >= 0) {
        ::close(fd);
    }
}

// Instances whose collector holds its lock.
std::set<std::string> living_instances(const std::vector<ShmObject>& objects) {
    std::set<std::string> living;
    for (const ShmObject& object : objects) {
        if (object.kind == ObjectKind::kInstance && object.part == "lock" &&
            object.producer_lives) {
            living.insert(object.instance);
        }
    }
    return living;
}

// Whoever has the lock while an instance is removed keeps collectors from starting meanwhile.
bool has_lock(const std::vector<ShmObject>& objects, const std::string& instance) {
    return std::any_of(objects.begin(), objects.end(), [&](const ShmObject& object) {
        return object.instance == instance && object.part == "lock";
    });
}

bool is_private(const std::string& instance) { return starts(instance, "run-"); }

std::string number_of(const std::vector<ShmObject>& objects, const char* what) {
    return std::to_string(objects.size()) + " " + what + (objects.size() == 1 ? "" : "s");
}

std::string size_of(const std::vector<ShmObject>& objects) {
    std::uint64_t bytes = 0;
    for (const ShmObject& object : objects) {
        bytes += object.bytes;
    }
    return Figures(true, true).bytes(bytes);
}

// Held while the objects of ended instances are removed: a collector may want to start just then.
class InstanceLocks {
public:
    explicit InstanceLocks(const std::string& folder) : folder_(folder) {}
    ~InstanceLocks() {
        for (const int fd : held_) {
            ::close(fd);
        }
    }
    InstanceLocks(const InstanceLocks&) = delete;
    InstanceLocks& operator=(const InstanceLocks&) = delete;

    void take(const ShmObject& object) {
        const std::string path = folder_ + "/" + object.name;
        const int fd = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        struct flock lock = lock_of_byte(0);
        if (fd >= 0) {
            held_.push_back(fd);
        }
        if (fd < 0 || ::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
            lost_.insert(object.instance);
        }
    }
    bool lost(const std::string& instance) const { return lost_.contains(instance); }

private:
    const std::string& folder_;
    std::vector<int> held_;
    std::set<std::string> lost_;
};

std::vector<ShmObject> rings_of_the_dead(const std::vector<ShmObject>& objects) {
    std::vector<ShmObject> rings;
    std::copy_if(objects.begin(), objects.end(), std::back_inserter(rings),
                 [](const ShmObject& object) {
                     return object.kind == ObjectKind::kRing && !object.producer_lives &&
                            !object.consumer_lives && object.age_ms > kForgottenMs;
                 });
    return rings;
}

Check check_permissions(const std::vector<ShmObject>& objects) {
    std::string wrong;
    for (const ShmObject& object : objects) {
        const bool is_account = starts(object.part, "account.");
        const bool secret = object.kind == ObjectKind::kRing || object.kind == ObjectKind::kBell;
        const bool not_a_file = !S_ISREG(object.mode);
        // Root's account of another user has an access control list, whose mask stands where the group's bits are.
        const bool too_open = (object.mode & 022) != 0 || (secret && (object.mode & 077) != 0) ||
                              (is_account && (object.mode & 007) != 0);
        const bool squatted = object.kind == ObjectKind::kInstance &&
                              starts(object.instance, "user-") && object.uid != 0 &&
                              object.instance != "user-" + std::to_string(object.uid);
        if (not_a_file || too_open || squatted) {
            wrong += (wrong.empty() ? "" : ", ") + object.name;
        }
    }
    if (wrong.empty()) {
        return {"permissions", Level::kOk,
                std::to_string(objects.size()) + " objects in " + model::kShmDirectory +
                    ", owners and modes as they should be",
                ""};
    }
    return {"permissions", Level::kProblem,
            "owner, type or mode is not what Tidemark makes: " + wrong,
            "find out who made them, then remove them"};
}

}  // namespace

ShmObject classify(const std::string& name) {
    ShmObject object;
    object.name = name;
    const std::string rest =
        name.substr(std::min<std::size_t>(name.size(), 9));  // behind "tidemark."
    if (starts(rest, "ring.")) {
        object.kind = ObjectKind::kRing;
    } else if (starts(rest, "tmp.")) {
        object.kind = ObjectKind::kTemporary;
    } else if (starts(rest, "bell.")) {
        object.kind = ObjectKind::kBell;
    } else {
        // An instance's name may hold dots, an image's id does not.
        const auto account = rest.rfind(".account.");
        const auto dot = account != std::string::npos ? account : rest.rfind('.');
        if (dot != std::string::npos && dot != 0) {
            object.kind = ObjectKind::kInstance;
            object.instance = rest.substr(0, dot);
            object.part = rest.substr(dot + 1);
        }
    }
    return object;
}

std::vector<ShmObject> list_objects(const std::string& folder) {
    std::vector<ShmObject> objects;
    DIR* handle = ::opendir(folder.c_str());
    if (handle == nullptr) {
        return objects;
    }
    while (const dirent* entry = ::readdir(handle)) {
        if (starts(entry->d_name, "tidemark.")) {
            objects.push_back(classify(entry->d_name));
            look_at(::dirfd(handle), objects.back());
        }
    }
    ::closedir(handle);
    std::sort(objects.begin(), objects.end(),
              [](const ShmObject& a, const ShmObject& b) { return a.name < b.name; });
    return objects;
}

std::vector<ShmObject> stale_objects(const std::vector<ShmObject>& objects,
                                     const std::string& instance, bool rings) {
    const std::set<std::string> living = living_instances(objects);
    std::vector<ShmObject> stale;
    for (const ShmObject& object : objects) {
        const bool abandoned = object.kind == ObjectKind::kTemporary && !object.producer_lives &&
                               object.age_ms > kYoungMs;
        const bool named = !instance.empty() && object.instance == instance;
        const bool old = object.age_ms > kYoungMs || (named && has_lock(objects, instance));
        const bool orphaned = object.kind == ObjectKind::kInstance &&
                              (named || is_private(object.instance)) && old &&
                              !living.contains(object.instance);
        if (abandoned || orphaned) {
            stale.push_back(object);
        }
    }
    if (rings) {
        const std::vector<ShmObject> dead = rings_of_the_dead(objects);
        stale.insert(stale.end(), dead.begin(), dead.end());
    }
    return stale;
}

std::vector<Check> check_objects(const std::vector<ShmObject>& objects) {
    std::vector<Check> checks = {check_permissions(objects)};
    const std::vector<ShmObject> stale = stale_objects(objects, "", false);
    if (stale.empty()) {
        checks.push_back({"stale segments", Level::kOk, "none", ""});
    } else {
        checks.push_back({"stale segments", Level::kWarning,
                          number_of(stale, "object") + " that nobody uses, " + size_of(stale) +
                              " (" + stale.front().name + (stale.size() > 1 ? " and others)" : ")"),
                          "tidemark doctor --fix"});
    }
    if (const auto rings = rings_of_the_dead(objects); !rings.empty()) {
        checks.push_back(
            {"undrained rings", Level::kWarning,
             number_of(rings, "ring") + " of ended programs that no collector takes, " +
                 size_of(rings),
             "start the collector that they are for; `tidemark doctor --fix` throws them away"});
    }
    std::map<std::string, std::uint64_t> ended;
    const std::set<std::string> living = living_instances(objects);
    for (const ShmObject& object : objects) {
        if (object.kind == ObjectKind::kInstance && starts(object.part, "account.") &&
            !is_private(object.instance) && !living.contains(object.instance)) {
            ++ended[object.instance];
        }
    }
    for (const auto& [instance, accounts] : ended) {
        checks.push_back({"instance " + instance, Level::kWarning,
                          "its collector is gone; " + std::to_string(accounts) +
                              (accounts == 1 ? " account waits for it" : " accounts wait for it"),
                          "`tidemarkd --background --instance " + instance +
                              "` goes on from them, `tidemark doctor --fix --instance " + instance +
                              "` removes them"});
    }
    return checks;
}

std::vector<std::string> remove_objects(const std::string& folder,
                                        const std::vector<ShmObject>& objects) {
    // The locks go last: without its name a lock keeps nobody out.
    std::vector<ShmObject> ordered = objects;
    const auto first_lock =
        std::stable_partition(ordered.begin(), ordered.end(),
                              [](const ShmObject& object) { return object.part != "lock"; });
    InstanceLocks locks(folder);
    std::for_each(first_lock, ordered.end(), [&](const ShmObject& lock) { locks.take(lock); });
    std::vector<std::string> removed;
    for (const ShmObject& object : ordered) {
        const bool may = object.uid == ::geteuid() || ::geteuid() == 0;
        if (may && !locks.lost(object.instance) &&
            ::unlink((folder + "/" + object.name).c_str()) == 0) {
            removed.push_back(object.name);
        }
    }
    return removed;
}

}  // namespace tidemark::cli
