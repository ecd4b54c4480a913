// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/log_file.hpp"

#include <cerrno>
#include <cstring>

namespace tidemark::cli {

bool LogFile::append(std::string_view lines) {
    const int problem = output_.append_whole(lines);
    if (problem == 0) {
        if (told_) {
            Output::standard_error().write(path_ + " can be written again; " +
                                           std::to_string(left_out_) + " samples were left out\n");
        }
        told_ = false;
        return true;
    }
    ++left_out_;
    if (!told_) {
        Output::standard_error().write("cannot write " + path_ + ": " + std::strerror(problem) +
                                       "; samples are left out until it can be written\n");
    }
    told_ = true;
    return false;
}

}  // namespace tidemark::cli
