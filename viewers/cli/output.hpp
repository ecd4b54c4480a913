// SPDX-License-Identifier: Apache-2.0
//
// Where a verb's result goes: standard output, or a file that is never overwritten by accident. A write that fails is
// a failure of the verb, never silence.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "viewers/cli/options.hpp"

namespace tidemark::cli {

// All of `text`: 0, or the errno of the write that failed.
int write_all(int fd, std::string_view text);

class Output {
public:
    // Standard output (none, or "-"), or `path`, made new; with `force` an existing file is emptied. Throws Failure.
    static Output open(const std::optional<std::string>& path, bool force);
    static Output open(const Options& options) { return open(options.output, options.force); }
    // Appends to `path`, made if missing.
    static Output append(const std::string& path);
    static Output standard_error();

    Output(Output&& other) noexcept;
    Output& operator=(Output&&) = delete;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();

    int fd() const { return fd_; }
    bool is_empty_file() const;
    // All of it, or throws Failure(3).
    void write(std::string_view text);
    // All of it, or, in a file, nothing of it: then an errno that may pass (no space, no quota,
    // a disk that fails). Throws Failure(3) for others.
    int append_whole(std::string_view text);
    // Takes the file away again if it was made by open().
    void discard();

private:
    Output(int fd, std::string path, bool made) : fd_(fd), path_(std::move(path)), made_(made) {}

    [[noreturn]] void fail(int problem) const;

    int fd_;
    std::string path_;  // empty: a standard stream, not ours to close
    bool made_;
};

}  // namespace tidemark::cli
