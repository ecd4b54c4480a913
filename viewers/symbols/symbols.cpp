// SPDX-License-Identifier: Apache-2.0
#include "viewers/symbols/symbols.hpp"

#include <cstdlib>
#include <map>

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
};

Symbols::Symbols(const std::vector<model::CodeModule>& modules)
    : state_(std::make_unique<State>(State{modules, {}})) {
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
        const model::CodeModule& module = state_->modules[caller.module];
        const std::uint64_t offset = caller.address - module.begin + module.file_offset;
        std::vector<model::CallFrame> frames = state_->file(module).frames_at(offset);
        if (frames.empty()) {
            frames.emplace_back();
        }
        for (model::CallFrame& frame : frames) {
            frame.module = module.path;
            frame.offset = module.path.empty() ? caller.address : offset;
            stack.frames.push_back(std::move(frame));
        }
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
