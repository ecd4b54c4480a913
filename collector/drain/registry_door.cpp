// SPDX-License-Identifier: Apache-2.0
//
// Which objects in /dev/shm are rings for this collector: each is looked at, taken, put off, or left alone for a reason
// that is told once.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <utility>

#include "collector/drain/registry.hpp"
#include "collector/log.hpp"
#include "shm/bell_slots.hpp"

namespace tidemark::collector {
namespace {

constexpr std::size_t kRefusedLookedAtAgain = 64;  // in one scan
constexpr std::uint64_t kRefusedNamed = 100;       // in the log

bool begins_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// Whatever it is, also a link to nowhere.
bool is_there(const std::string& name) {
    return faccessat(AT_FDCWD, ("/dev/shm/" + name).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// Real, effective, saved and file system user of a process. Empty: there is none, or it can't be seen.
std::string users_of(std::int32_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(status, line))
        if (begins_with(line, "Uid:")) return line.substr(sizeof "Uid:" - 1) + "\t";
    return {};
}

}  // namespace

std::vector<std::string> objects_with_prefix(const std::string& prefix) {
    std::vector<std::string> names;
    for_each_object(prefix, [&](const std::string& name) { names.push_back(name); });
    return names;
}

void for_each_object(const std::string& prefix,
                     const std::function<void(const std::string& name)>& visit) {
    DIR* directory = opendir("/dev/shm");
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
        if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) == 0) visit(entry->d_name);
    }
    closedir(directory);
}

void Registry::scan(Ends ends) {
    std::size_t others = 0, refused = 0;
    const std::set<std::string> waited = std::exchange(waiting_, {});
    if (!waited.empty()) waiting_.insert("");  // the shortage was told of
    for_each_object(shm::kRingPrefix, [&](const std::string& name) {
        // Whoever makes a hundred thousand of these would otherwise hold up the drain each time.
        if (refused_.count(name) == 0 || ++refused <= kRefusedLookedAtAgain) ring_appeared(name);
        if (ends == Ends::kLookFor) ring_released(name);
        others += others_.count(name);
    });
    waiting_.erase("");
    if (!waited.empty() && waiting_.empty()) log_notice("all rings are drained again");
    if (others_.size() > others) forget_gone(others_);
    if (refused_.size() > refused + kRefusedLookedAtAgain) forget_gone(refused_);
}

void Registry::forget_gone(NameSet& names) {
    NameSet still_there;
    for_each_object(shm::kRingPrefix, [&](const std::string& name) {
        if (names.count(name) != 0) still_there.insert(name);
    });
    names.swap(still_there);
}

void Registry::ring_appeared(const std::string& name) {
    if (!begins_with(name, shm::kRingPrefix) || others_.count(name) != 0) return;
    const std::uint64_t image =
        std::strtoull(name.c_str() + sizeof shm::kRingPrefix - 1, nullptr, 16);
    const auto known = images_.find(image);
    if (known != images_.end() && (known->second->ring || known->second->exited)) {
        return;  // attached, or a ring that took the id of an image that ended
    }
    Ring::Refusal why = Ring::Refusal::kNone;
    std::string error;
    std::unique_ptr<Ring> ring = Ring::attach(name, configuration_.instance, why, error);
    if (ring && *ring->identity().instance == '\0' && ring->owner() != geteuid() &&
        user_has_collector(ring->owner())) {
        return;  // its user's own collector takes it
    }
    if (ring && claims_another_users_process(*ring)) {
        return refuse(name, "cannot attach /dev/shm/" + name + ": uid " +
                                std::to_string(ring->owner()) + " says that it is of process " +
                                std::to_string(ring->identity().pid) +
                                ", which is another user's; it is left alone");
    }
    if (ring) return attach(std::move(ring));
    if (why == Ring::Refusal::kNotOurs) others_.insert(name);
    if (why == Ring::Refusal::kExhausted) return wait_with(name, error);
    if (why == Ring::Refusal::kBroken && is_there(name)) refuse(name, error);
}

void Registry::refuse(const std::string& name, const std::string& error) {
    if (!refused_.insert(name).second) return;
    if (++counters_.rings_refused <= kRefusedNamed) log_warning(error);
    if (counters_.rings_refused == kRefusedNamed)
        log_warning("more rings that are refused are counted, and not named any more");
}

// What a ring says of its process is shown beside that process's name, and joined with what others tell of it. Root may
// say what it likes, and so may this collector's own proxies of socket clients.
bool Registry::claims_another_users_process(const Ring& ring) const {
    const shm::RingHeader& said = ring.identity();
    const bool is_proxy = said.origin == TIDEMARK_ORIGIN_SOCKET && ring.owner() == geteuid();
    if (ring.owner() == 0 || is_proxy || is_foreign(said) || said.pid <= 0) return false;
    const std::string users = users_of(said.pid);
    return !users.empty() &&
           users.find("\t" + std::to_string(ring.owner()) + "\t") == std::string::npos;
}

// A pid of another namespace would name a stranger here.
bool Registry::is_foreign(const shm::RingHeader& said) const {
    return said.pid_namespace != 0 && pid_namespace_ != 0 && said.pid_namespace != pid_namespace_;
}

bool Registry::user_has_collector(std::uint32_t uid) const {
    return shm::live_collector_of(uid, "user-" + std::to_string(uid));
}

// Told once a shortage, not for each of the thousand rings that it may hit.
void Registry::wait_with(const std::string& ring, const std::string& why) {
    if (waiting_.empty())
        log_error(why + "; " + ring +
                  " and others that need the same are drained once it is there");
    waiting_.insert(ring);
}

}  // namespace tidemark::collector
