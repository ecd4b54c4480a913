// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/rota.hpp"

#include <algorithm>
#include <utility>

namespace tidemark::collector {

void Rota::add(Image& image) {
    if (image.news_group == Image::kNoGroup) {
        User& user = users_[image.identity.uid];
        image.news_group = user.next++ % shm::kNewsGroups;
        user.groups[image.news_group].push_back(&image);
        ++user.rings;
    }
    watch(image);
}

void Rota::remove(Image& image) {
    if (image.news_group == Image::kNoGroup) return;
    User& user = users_[image.identity.uid];
    std::erase(user.groups[image.news_group], &image);
    if (--user.rings == 0) users_.erase(image.identity.uid);
    image.news_group = Image::kNoGroup;
    if (std::exchange(image.is_watched_ring, false)) std::erase(watched_, &image);
}

void Rota::begin_with(std::uint64_t image) {
    const auto first = std::find_if(watched_.begin(), watched_.end(), [image](const Image* one) {
        return one->identity.image == image;
    });
    if (first != watched_.end()) std::rotate(watched_.begin(), first, watched_.end());
}

void Rota::watch_group(std::uint32_t uid, std::uint32_t group) {
    const auto user = users_.find(uid);
    if (user == users_.end()) return;
    for (Image* image : user->second.groups[group % shm::kNewsGroups]) {
        image->ring->told();
        watch(*image);
    }
}

void Rota::watch(Image& image) {
    image.ring->be_watched();
    if (!std::exchange(image.is_watched_ring, true)) watched_.push_back(&image);
}

void Rota::quiet_down() {
    for (const Image* image : watched_)
        image->ring->be_quiet(image->news_group);
}

void Rota::drop_quiet() {
    std::erase_if(watched_, [](Image* image) {
        // SYNC(bell): it may have begun to need polling before it could see that it was quiet.
        if (image->ring->must_be_polled()) image->ring->be_watched();
        image->is_watched_ring = !image->ring->is_quiet();
        return !image->is_watched_ring;
    });
}

void Rota::stay_awake() {
    for (const Image* image : watched_)
        image->ring->be_watched();
}

}  // namespace tidemark::collector
