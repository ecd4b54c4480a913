// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/coverage.hpp"

namespace tidemark::collector {
namespace {

bool tells_of(const Account& account, std::uint32_t device) noexcept {
    for (std::uint32_t i = 0; i < account.usage_count; ++i)
        if (account.state.usages[i].device == device) return true;
    return false;
}

}  // namespace

bool is_covered(const Account& account, std::uint32_t device) noexcept {
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        const UsageState& usage = account.state.usages[i];
        if (usage.device == device && usage.covered != 0) return true;
    }
    return false;
}

bool find_covered(Image& told_by_socket, std::vector<Covered>& found) {
    Account& account = *told_by_socket.account;
    const Image* sibling = told_by_socket.sibling;
    bool any = false;
    for (std::uint32_t i = 0; i < account.usage_count; ++i) {
        UsageState& usage = account.state.usages[i];
        if (usage.covered != 0) continue;
        const bool was = is_covered(account, usage.device);  // another pool of it
        if (!was && (sibling == nullptr || !tells_of(*sibling->account, usage.device))) continue;
        usage.covered = 1;
        account.marks[i].moved = true;
        any = true;
        if (!was) found.push_back({told_by_socket.identity.image, usage.device});
    }
    return any;
}

}  // namespace tidemark::collector
