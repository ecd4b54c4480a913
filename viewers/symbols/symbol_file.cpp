// SPDX-License-Identifier: Apache-2.0
#include "viewers/symbols/symbol_file.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdlib>
#include <memory>

namespace tidemark::symbols {
namespace {

const Dwfl_Callbacks* callbacks() {
    static const Dwfl_Callbacks offline = [] {
        Dwfl_Callbacks all{};
        all.find_debuginfo = dwfl_standard_find_debuginfo;
        all.section_address = dwfl_offline_section_address;
        return all;
    }();
    return &offline;
}

std::string demangled(const char* name) {
    if (name == nullptr) {
        return {};
    }
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
    return status == 0 && text ? text.get() : name;
}

// A function that debug information describes: by the name that the linker saw, since that says its scope.
std::string name_of(Dwarf_Die* function) {
    Dwarf_Attribute attribute;
    for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
        if (dwarf_attr_integrate(function, kind, &attribute) != nullptr) {
            return demangled(dwarf_formstring(&attribute));
        }
    }
    const char* name = dwarf_diename(function);
    return name != nullptr ? name : "";
}

std::uint32_t number_of(Dwarf_Die* die, unsigned kind) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_attr_integrate(die, kind, &attribute) == nullptr ||
        dwarf_formudata(&attribute, &value) != 0) {
        return 0;
    }
    return static_cast<std::uint32_t>(value);
}

// Where an inlined function was called from.
void place_of_call(Dwarf_Die* unit, Dwarf_Die* inlined, std::string& file, std::uint32_t& line) {
    line = number_of(inlined, DW_AT_call_line);
    Dwarf_Files* files = nullptr;
    size_t count = 0;
    const char* name = nullptr;
    if (dwarf_getsrcfiles(unit, &files, &count) == 0) {
        name = dwarf_filesrc(files, number_of(inlined, DW_AT_call_file), nullptr, nullptr);
    }
    file = name != nullptr ? name : "";
    if (file.empty()) {
        line = 0;
    }
}

// What an address lies in, the innermost first, as the code is nested, not as it was written.
struct Scopes {
    Scopes(Dwarf_Die* unit, Dwarf_Addr address) {
        Dwarf_Die* written = nullptr;
        if (unit != nullptr && dwarf_getscopes(unit, address, &written) > 0) {
            count = dwarf_getscopes_die(written, &dies);
        }
        std::free(written);
    }
    ~Scopes() { std::free(dies); }
    Scopes(const Scopes&) = delete;
    Scopes& operator=(const Scopes&) = delete;

    Dwarf_Die* dies = nullptr;
    int count = 0;
};

// From debug information: the innermost function, and those that it was inlined into.
std::vector<model::CallFrame> described(Dwfl_Module* module, GElf_Addr address) {
    std::vector<model::CallFrame> frames;
    Dwarf_Addr bias = 0;
    Dwarf_Die* unit = dwfl_module_addrdie(module, address, &bias);
    const Scopes scopes(unit, address - bias);
    model::CallFrame frame;
    if (Dwfl_Line* line = dwfl_module_getsrc(module, address)) {
        int number = 0;
        const char* file = dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
        frame.file = file != nullptr ? file : "";
        frame.line = file != nullptr ? static_cast<std::uint32_t>(number) : 0;
    }
    for (int i = 0; i < scopes.count; ++i) {
        Dwarf_Die* scope = scopes.dies + i;
        const int tag = dwarf_tag(scope);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) {
            continue;
        }
        frame.function = name_of(scope);
        frames.push_back(frame);
        if (tag == DW_TAG_subprogram) {
            break;
        }
        place_of_call(unit, scope, frame.file, frame.line);
    }
    return frames;
}

// From the symbol table: only a symbol that says how far it goes, and goes so far.
std::string symbol_at(Dwfl_Module* module, GElf_Addr address) {
    GElf_Off into = 0;
    GElf_Sym symbol;
    const char* name =
        dwfl_module_addrinfo(module, address, &into, &symbol, nullptr, nullptr, nullptr);
    return name != nullptr && into < symbol.st_size ? demangled(name) : std::string();
}

}  // namespace

SymbolFile::SymbolFile(const model::CodeModule& module) {
    struct stat status {};
    if (module.path.empty() || ::stat(module.path.c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode)) {
        return;
    }
    const bool is_same_inode = status.st_ino == module.inode &&
                               major(status.st_dev) == module.device_major &&
                               minor(status.st_dev) == module.device_minor;
    if (module.build_id.empty() && !is_same_inode) {
        return;
    }
    session_ = dwfl_begin(callbacks());
    if (session_ == nullptr) {
        return;
    }
    file_ = dwfl_report_offline(session_, module.path.c_str(), module.path.c_str(), -1);
    dwfl_report_end(session_, nullptr, nullptr);
    if (file_ != nullptr && !is_the_mapped_one(module)) {
        file_ = nullptr;
    }
}

SymbolFile::~SymbolFile() {
    if (session_ != nullptr) {
        dwfl_end(session_);
    }
}

bool SymbolFile::is_the_mapped_one(const model::CodeModule& module) const {
    if (module.build_id.empty()) {
        return true;
    }
    GElf_Addr bias = 0;
    Elf* elf = dwfl_module_getelf(file_, &bias);
    const void* id = nullptr;
    const ssize_t size = elf != nullptr ? dwelf_elf_gnu_build_id(elf, &id) : 0;
    return size > 0 &&
           module.build_id == std::string(static_cast<const char*>(id), static_cast<size_t>(size));
}

bool SymbolFile::address_of(std::uint64_t offset, GElf_Addr& address) const {
    GElf_Addr bias = 0;
    Elf* elf = dwfl_module_getelf(file_, &bias);
    size_t count = 0;
    if (elf == nullptr || elf_getphdrnum(elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; ++i) {
        GElf_Phdr part;
        if (gelf_getphdr(elf, static_cast<int>(i), &part) != nullptr && part.p_type == PT_LOAD &&
            offset - part.p_offset < part.p_filesz) {
            address = offset - part.p_offset + part.p_vaddr + bias;
            return true;
        }
    }
    return false;
}

std::vector<model::CallFrame> SymbolFile::frames_at(std::uint64_t offset) const {
    GElf_Addr address = 0;
    // The call lies before the address that it returns to.
    if (file_ == nullptr || offset == 0 || !address_of(offset - 1, address)) {
        return {};
    }
    std::vector<model::CallFrame> frames = described(file_, address);
    if (frames.empty() || frames.back().function.empty()) {
        const std::string name = symbol_at(file_, address);
        if (frames.empty() && !name.empty()) {
            frames.emplace_back();
        }
        if (!frames.empty()) {
            frames.back().function = name;
        }
    }
    return frames;
}

}  // namespace tidemark::symbols
