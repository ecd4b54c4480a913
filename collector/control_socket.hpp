// SPDX-License-Identifier: Apache-2.0
//
// A listening socket's file: made with its mode from the first moment on where nothing but a leftover of our own
// stands, and only ours is unlinked in the end.
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

    // A socket that is there already and that nobody answers is a leftover (of the control socket: the caller holds the
    // instance's lock). Root takes a name in /tmp back from whoever was there first. `backlog`: connections that wait to be accepted.
    [[nodiscard]] bool open(const std::string& path, std::string& error, mode_t mode = 0600,
                            int backlog = 64);
    void close();
    int descriptor() const noexcept { return descriptor_; }  // not blocking; -1: closed

private:
    bool make(const std::string& path, std::string& error, mode_t mode, int backlog);

    std::string path_;
    int descriptor_ = -1;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace tidemark::collector
