// SPDX-License-Identifier: Apache-2.0
//
// Whether an account that an earlier generation left may be used: every number in it that leads somewhere is looked at
// once, before anything follows it. Read with read(2): what was given back of an account must not take memory again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "collector/drain/account.hpp"

namespace tidemark::collector {
namespace {

class Object {
public:
    explicit Object(const std::string& name)
        : file_(::open(("/dev/shm/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
    ~Object() {
        if (file_ >= 0) close(file_);
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    bool read(std::uint64_t offset, void* to, std::size_t size) const {
        return pread(file_, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
    }

private:
    int file_;
};

bool counters_are_possible(const AccountState& state) {
    if (state.lanes_seen > kPositions || state.quarantine > TIDEMARK_QUARANTINE_NO_MEMORY)
        return false;
    return std::all_of(std::begin(state.usages), std::end(state.usages), [](const UsageState& u) {
        return u.used == 0 || (u.device <= TIDEMARK_DEVICE_HOST && u.pool < TIDEMARK_POOL_ANY);
    });
}

// Every slot names a page that there is, of no more depth than the directory.
bool directory_is_possible(const Object& object, const tidemark_account_header& header) {
    std::vector<std::uint32_t> slots(std::size_t{1} << header.directory_depth);
    if (!object.read(kDirectoryOffset, slots.data(), slots.size() * sizeof slots[0])) return false;
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    if (slots.back() >= header.page_count) return false;
    return std::all_of(slots.begin(), slots.end(), [&](std::uint32_t number) {
        std::uint32_t depth = 0;
        const std::uint64_t page = kPagesOffset +
                                   std::uint64_t{number} * TIDEMARK_ACCOUNT_PAGE_SIZE +
                                   offsetof(tidemark_account_page, depth);
        return object.read(page, &depth, sizeof depth) && depth <= header.directory_depth;
    });
}

}  // namespace

const char* Account::damage() const {
    const Object object(name_);
    tidemark_account_header header;
    AccountState said;
    if (!object.read(0, &header, sizeof header) || !object.read(kStateOffset, &said, sizeof said))
        return "it cannot be read";
    const char* digits = name_.c_str() + name_.rfind('.') + 1;
    if (header.image == 0 || header.image != std::strtoull(digits, nullptr, 16))
        return "its name is not its image";
    if (!counters_are_possible(said)) return "its counters are damaged";
    const std::uint64_t room = (table_end() - kPagesOffset) / TIDEMARK_ACCOUNT_PAGE_SIZE;
    if (header.directory_depth > TIDEMARK_ACCOUNT_MAX_DEPTH || header.page_count == 0 ||
        header.page_count > room || !directory_is_possible(object, header)) {
        return "its live table is damaged";
    }
    return nullptr;
}

}  // namespace tidemark::collector
