// SPDX-License-Identifier: Apache-2.0
//
// The listening socket's file: made with mode 0600 where nothing but a leftover of our own stands, and only ours is
// unlinked in the end.
#pragma once

#include <sys/types.h>

#include <string>

namespace tidemark::collector {

class ControlSocket {
public:
    ControlSocket() = default;
    ~ControlSocket() { close(); }
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // The caller holds the instance's lock, so a socket that is there already and that nobody answers is a leftover.
    [[nodiscard]] bool open(const std::string& path, std::string& error);
    void close();
    int descriptor() const noexcept { return descriptor_; }  // not blocking; -1: closed

private:
    std::string path_;
    int descriptor_ = -1;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace tidemark::collector
