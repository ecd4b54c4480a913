// SPDX-License-Identifier: Apache-2.0
//
// /dev/shm is everybody's: what stands under one of the collector's names may have been put there by another user. Root
// takes its names back; any other user can't remove what isn't its own, and has to say so.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace tidemark::collector {

// What other users put under one path of root's, in a directory where everybody may make files (sticky and writable by
// all). Removed, and told in one line, when this ends; a directory that is not empty keeps another name. One thread.
class Squatters {
public:
    explicit Squatters(std::string path) : path_(std::move(path)) {}
    Squatters(const Squatters&) = delete;
    Squatters& operator=(const Squatters&) = delete;
    ~Squatters();

    // Moves away what is there now if another user owns it, but not the one whose default instance the name says. True:
    // the path was free for a moment, so that trying again makes sense. False for anybody but root.
    bool move_aside();

private:
    std::string path_;
    std::vector<std::string> aside_;  // where it is now
    uid_t owner_ = 0;                 // of the last
};

// The same, once, for the name of an object in /dev/shm (without a slash).
bool take_name_back(const std::string& name);

// Calls `make` until it answers true, as long as there was something to move away from `path`. Who squats it may be quick
// and many: one of so many tries wins.
template <class Make>
bool make_at(const std::string& path, Make make) {
    constexpr int kTries = 1000;
    Squatters squatters(path);
    for (int i = 0; i < kTries; ++i) {
        if (make()) return true;
        if (!squatters.move_aside()) return false;
    }
    return false;
}

// Gives an object of ours that isn't understood another name, tidemark.<instance>.kept.<random>.<rest>, byte for byte
// as it is, so that `name`, which is tidemark.<instance>.<rest>, is free. The new name; empty: it could not be renamed.
std::string set_aside(const std::string& instance, const std::string& name);

}  // namespace tidemark::collector
