// SPDX-License-Identifier: Apache-2.0
//
// The file that `query --log` appends to for days: whole lines or nothing. Where there is no space, lines are left out
// and counted, which is said once on standard error, and they come again with space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "viewers/cli/output.hpp"

namespace tidemark::cli {

class LogFile {
public:
    // Throws Failure if the file can't be made.
    explicit LogFile(const std::string& path) : path_(path), output_(Output::append(path)) {}

    Output& output() { return output_; }
    bool is_empty() const { return output_.is_empty_file(); }
    // False: it found no space, and nothing of it stands there. Throws Failure for what won't get better.
    bool append(std::string_view lines);
    // Samples that were left out.
    std::uint64_t left_out() const { return left_out_; }

private:
    std::string path_;
    Output output_;
    std::uint64_t left_out_ = 0;
    bool told_ = false;
};

}  // namespace tidemark::cli
