// SPDX-License-Identifier: Apache-2.0
#include "viewers/symbols/symbols.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <utility>

#include "viewers/symbols/symbol_file.hpp"

namespace tidemark::symbols {

struct Symbols::State {
    const std::vector<model::CodeModule>& modules;
    // Several mappings of one file, several processes with the same: asked once.
    std::map<std::tuple<std::string, std::string, std::uint64_t>, std::unique_ptr<SymbolFile>>
        files;

    const SymbolFile& file(const model::CodeModule& module) {
        auto& place = files[{module.path, module.build_id, module.inode}];
        if (!place) {
            place = std::make_unique<SymbolFile>(module);
        }
        return *place;
    }

    // Many call sites share most of their callers, and to name one a file's symbols are gone through.
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<model::CallFrame>> named;

    const std::vector<model::CallFrame>& frames_at(const model::Caller& caller) {
        const auto [place, fresh] = named.try_emplace({caller.module, caller.address});
        if (!fresh) {
            return place->second;
        }
        const model::CodeModule& module = modules[caller.module];
        const std::uint64_t offset = caller.address - module.begin + module.file_offset;
        place->second = file(module).frames_at(offset);
        if (place->second.empty()) {
            place->second.emplace_back();
        }
        for (model::CallFrame& frame : place->second) {
            frame.module = module.path;
            frame.offset = module.path.empty() ? caller.address : offset;
        }
        return place->second;
    }
};

Symbols::Symbols(const std::vector<model::CodeModule>& modules)
    : state_(std::make_unique<State>(State{modules, {}, {}})) {
    // libdw would ask a server for what is not here, and wait for it.
    ::unsetenv("DEBUGINFOD_URLS");
}

Symbols::~Symbols() = default;

void Symbols::name(model::CallStack& stack) {
    if (stack.named) {
        return;
    }
    stack.named = true;
    for (const model::Caller& caller : stack.callers) {
        if (caller.module >= state_->modules.size()) {
            stack.frames.push_back({"", "", 0, "", caller.address});
            continue;
        }
        const std::vector<model::CallFrame>& frames = state_->frames_at(caller);
        stack.frames.insert(stack.frames.end(), frames.begin(), frames.end());
    }
}

void name_stacks(model::BufferList& list) {
    Symbols symbols(list.modules);
    for (const model::Buffer& buffer : list.buffers) {
        if (buffer.stack != 0) {
            symbols.name(list.stacks[buffer.stack - 1]);
        }
    }
}

}  // namespace tidemark::symbols
