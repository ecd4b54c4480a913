// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/predecessor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/drain/ledger.hpp"
#include "collector/drain/registry.hpp"
#include "collector/foreign_name.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

struct Look {
    bool is_ours = false;  // a regular file of this user's
    std::uint64_t size = 0;
    LedgerHeader ledger{};  // as far as the object goes, or zeros; every object's magic comes first
    JournalHeader journal{};
};

template <class Part>
void read_part(int descriptor, off_t offset, Part& part) {
    if (pread(descriptor, &part, sizeof part, offset) < 0) part = {};
}

Look look_at(const std::string& name) {
    Look look;
    const std::string path = shm::kShmDirectory + name;
    const int descriptor = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (descriptor < 0) return look;
    look.is_ours = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                   status.st_uid == geteuid() && status.st_nlink == 1;
    if (look.is_ours) {
        look.size = static_cast<std::uint64_t>(status.st_size);
        read_part(descriptor, 0, look.ledger);
        read_part(descriptor, kJournalOffset, look.journal);
    }
    close(descriptor);
    return look;
}

bool is_known(const Look& look) {
    const LedgerHeader& h = look.ledger;
    return h.magic == kLedgerMagic && h.byte_order == shm::kRingByteOrder &&
           h.major == kLedgerMajor && h.size == look.size && look.journal.count <= kJournalRecords;
}

// Tells where it is now; false if it could not be moved.
bool keep(const std::string& instance, const std::string& name) {
    const std::string kept = set_aside(instance, name);
    if (kept.empty()) return false;
    log_warning("/dev/shm/" + name +
                " was written by another version, or is damaged: kept as /dev/shm/" + kept +
                "; remove it when no collector that can read it will be started");
    return true;
}

}  // namespace

void set_strange_ledger_aside(const std::string& instance) {
    const std::string name = Ledger::name_of(instance);
    const Look look = look_at(name);
    if (!look.is_ours || is_known(look)) return;
    if (look.ledger.magic == 0) {
        // Its maker was killed; we hold the instance's lock, so nobody makes it now. One that has its size is finished in
        // place.
        if (look.size != kLedgerSize) shm::Segment::unlink(name);
        return;
    }
    if (!keep(instance, name)) return;
    for (const std::string& account : objects_with_prefix("tidemark." + instance + ".account."))
        keep(instance, account);
}

bool was_never_finished(const std::string& name) {
    const Look look = look_at(name);
    return look.is_ours && look.ledger.magic == 0;
}

bool free_account_name(const std::string& instance, const std::string& name) {
    if (take_name_back(name)) return true;
    const Look look = look_at(name);
    if (!look.is_ours) return false;
    return look.ledger.magic == 0 ? shm::Segment::unlink(name) : keep(instance, name);
}

}  // namespace tidemark::collector
