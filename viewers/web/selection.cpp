// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/selection.hpp"

#include <algorithm>

namespace tidemark::web {
namespace {

bool contains(const std::optional<std::string>& text, const std::string& part) {
    return text && text->find(part) != std::string::npos;
}

bool wants(const Selection& wanted, const model::Process& process) {
    const bool user =
        wanted.users.empty() ||
        std::any_of(wanted.users.begin(), wanted.users.end(), [&](const std::string& word) {
            return process.user == word || word == std::to_string(process.uid);
        });
    return user && (wanted.name.empty() || contains(process.name, wanted.name) ||
                    contains(process.command, wanted.name));
}

}  // namespace

void apply(const Selection& selection, model::Snapshot& snapshot) {
    std::erase_if(snapshot.processes,
                  [&](const model::Process& process) { return !wants(selection, process); });
    model::apply(selection.filter, snapshot);
}

}  // namespace tidemark::web
