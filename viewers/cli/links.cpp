// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/links.hpp"

namespace tidemark::cli {
namespace {

struct Link {
    std::string_view program;
    const char* verb;
};

// CMakeLists.txt beside this file makes the links.
constexpr Link kLinks[] = {
    {"allocation_monitor_client", "monitor"},
    {"tracy_memory_monitor_client", "monitor"},
    {"tt_smi", "smi"},
    {"tt_smi_umd", "smi"},
};

}  // namespace

std::string verb_of_program(std::string_view argv0) {
    const auto slash = argv0.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? argv0 : argv0.substr(slash + 1);
    for (const Link& link : kLinks) {
        if (link.program == name) {
            return link.verb;
        }
    }
    return {};
}

}  // namespace tidemark::cli
