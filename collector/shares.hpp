// SPDX-License-Identifier: Apache-2.0
//
// Something that there is only so much of, and no user may take all of it: one has at most a quarter. Root and the
// collector's own user, who could end the collector anyway, may have what is left.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <unordered_map>

namespace tidemark::collector {

// One thread only, whichever owns it.
class Shares {
public:
    explicit Shares(std::size_t most) : most_(most) {}

    std::size_t most() const noexcept { return most_; }
    std::size_t most_of_one() const noexcept { return most_ / 4; }
    std::size_t taken() const noexcept { return taken_; }

    // There is none left, for anybody.
    bool is_spent() const noexcept { return taken_ >= most_; }
    // False: there is no more, or not for that user.
    [[nodiscard]] bool take(uid_t uid) {
        if (is_spent()) return false;
        std::size_t& of_user = of_users_[uid];
        const bool is_trusted = uid == 0 || uid == own_;
        if (!is_trusted && of_user >= most_of_one()) return false;
        ++of_user;
        ++taken_;
        return true;
    }
    void give_back(uid_t uid, std::size_t count = 1) noexcept {
        const auto place = of_users_.find(uid);
        if (place == of_users_.end() || count == 0) return;
        taken_ -= count;
        place->second -= count;
        if (place->second == 0) of_users_.erase(place);
    }

private:
    std::size_t most_;
    std::size_t taken_ = 0;
    uid_t own_ = geteuid();
    std::unordered_map<uid_t, std::size_t> of_users_;
};

}  // namespace tidemark::collector
