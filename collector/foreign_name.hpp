// SPDX-License-Identifier: Apache-2.0
//
// /dev/shm is everybody's: what stands under one of the collector's names may have been put there by another user. Root
// takes its names back; any other user can't remove what isn't its own, and has to say so.
#pragma once

#include <string>

namespace tidemark::collector {

// Removes what is in /dev/shm under `name` (an object's, without a slash) if another user owns it, but not the one whose
// default instance the name says. A directory that is not empty is moved aside. True: something was removed, so that
// trying again makes sense. False for anybody but root. Any thread.
bool take_name_back(const std::string& name);
// The same for a path in any directory where everybody may make files (sticky and writable by all), such as /tmp, and
// for what another user owns only. True: the path is free now.
bool take_path_back(const std::string& path);

// Calls `make` until it answers true, as long as there was something to take back: who squats the name may be quick.
template <class Make>
bool make_under(const std::string& name, Make make) {
    constexpr int kTries = 16;
    for (int i = 0; i < kTries; ++i) {
        if (make()) return true;
        if (!take_name_back(name)) return false;
    }
    return false;
}

// Gives an object of ours that isn't understood another name, tidemark.<instance>.kept.<random>.<rest>, byte for byte
// as it is, so that `name`, which is tidemark.<instance>.<rest>, is free. The new name; empty: it could not be renamed.
std::string set_aside(const std::string& instance, const std::string& name);

}  // namespace tidemark::collector
