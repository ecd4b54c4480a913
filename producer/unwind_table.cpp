// SPDX-License-Identifier: Apache-2.0
//
// Reading .eh_frame: the sorted table of .eh_frame_hdr leads to a function's entry (FDE), which names what it shares
// with others (CIE); the instructions of both, followed up to the address, say where the caller's frame begins. Layout:
// the Linux Standard Base, "Exception Frames"; instructions: DWARF 4, 6.4.2; registers: the System V ABI of x86-64.
#include "producer/unwind_rules.hpp"

#include <string.h>

namespace tidemark::producer {

#if defined(__x86_64__)
namespace {

constexpr std::uint64_t kFramePointer = 6;
constexpr std::uint64_t kStackPointer = 7;
constexpr std::uint64_t kReturnAddress = 16;
constexpr std::uint8_t kRelative4 = 0x1B;  // relative to its own place, signed, 4 bytes
constexpr std::uint32_t kMostRemembered = 4;

// Bytes that were copied, read one after the other; past the end everything is 0 and `failed`.
struct Bytes {
    const std::uint8_t* at;
    const std::uint8_t* end;
    bool failed = false;

    template <typename T>
    T take() noexcept {
        T value{};
        if (static_cast<std::uint64_t>(end - at) < sizeof(T)) {
            failed = true;
            at = end;
            return value;
        }
        memcpy(&value, at, sizeof value);
        at += sizeof value;
        return value;
    }
    std::uint64_t unsigned_number() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63; shift += 7) {
            const auto byte = take<std::uint8_t>();
            value |= std::uint64_t{byte & 0x7Fu} << shift;
            if ((byte & 0x80u) == 0) return value;
        }
        failed = true;
        return 0;
    }
    std::int64_t signed_number() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63;) {
            const auto byte = take<std::uint8_t>();
            value |= std::uint64_t{byte & 0x7Fu} << shift;
            shift += 7;
            if ((byte & 0x80u) != 0) continue;
            if ((byte & 0x40u) != 0) value |= ~std::uint64_t{0} << shift;
            return static_cast<std::int64_t>(value);
        }
        failed = true;
        return 0;
    }
    void skip(std::uint64_t count) noexcept {
        if (count > static_cast<std::uint64_t>(end - at)) failed = true;
        at = failed ? end : at + count;
    }
    bool more() const noexcept { return !failed && at < end; }
};

struct Entry {
    std::uint8_t bytes[1024];
    std::uint64_t place;  // where it is mapped
    std::uint32_t size;   // after the length word
};

bool read_entry(std::uint64_t place, Entry& entry, CopyMemory copy) noexcept {
    std::uint32_t length = 0;
    if (!copy(place, &length, sizeof length) || length < 8 || length > sizeof entry.bytes)
        return false;
    entry.place = place + sizeof length;
    entry.size = length;
    return copy(entry.place, entry.bytes, length);
}

struct Common {
    std::uint64_t code_step = 1;
    std::int64_t data_step = 1;
    bool has_augmentation = false;
    Bytes instructions{nullptr, nullptr};
};

// Pointers other than relative ones are of no compiler's making here.
bool read_common(const Entry& entry, Common& common) noexcept {
    Bytes bytes{entry.bytes + 4, entry.bytes + entry.size};
    if (bytes.take<std::uint8_t>() != 1) return false;
    char letters[8] = {};
    for (std::uint32_t i = 0;; ++i) {
        const char letter = bytes.take<char>();
        if (letter == '\0') break;
        if (i + 1 == sizeof letters) return false;
        letters[i] = letter;
    }
    common.code_step = bytes.unsigned_number();
    common.data_step = bytes.signed_number();
    if (bytes.take<std::uint8_t>() != kReturnAddress || letters[0] != 'z') return false;
    common.has_augmentation = true;
    bytes.unsigned_number();
    bool is_relative = false;
    for (const char* letter = letters + 1; *letter != '\0'; ++letter) {
        const auto encoding = bytes.take<std::uint8_t>();
        if (*letter == 'P') bytes.skip((encoding & 0x0Fu) == 0x0Bu ? 4 : 8);
        if (*letter == 'R') is_relative = encoding == kRelative4;
        if (*letter != 'P' && *letter != 'R' && *letter != 'L') return false;
    }
    common.instructions = bytes;
    return is_relative && !bytes.failed;
}

struct Row {
    std::uint64_t reg = kStackPointer;
    std::int64_t size = 8;
    bool is_saved = false;
    std::int64_t saved = 0;
};

// Follows instructions for as long as they speak of code below `until`. False: one is not simple enough.
class Machine {
public:
    Machine(const Common& common, std::uint64_t begin, std::uint64_t until) noexcept
        : common_(common), at_(begin), until_(until) {}

    Row row;
    Row first;  // as the common part leaves it

    bool follow(Bytes code) noexcept {
        while (code.more() && at_ < until_)
            if (!step(code)) return false;
        return !code.failed;
    }

private:
    bool advance(std::uint64_t steps) noexcept {
        const std::uint64_t to = at_ + steps * common_.code_step;
        at_ = to > at_ ? to : at_;
        return true;
    }
    bool save(std::uint64_t reg, std::int64_t steps) noexcept {
        if (reg != kFramePointer) return true;
        row.is_saved = true;
        row.saved = steps * common_.data_step;
        return true;
    }
    bool restore(std::uint64_t reg) noexcept {
        if (reg != kFramePointer) return true;
        row.is_saved = first.is_saved;
        row.saved = first.saved;
        return true;
    }
    bool remember() noexcept {
        if (depth_ == kMostRemembered) return false;
        remembered_[depth_++] = row;
        return true;
    }
    bool recall() noexcept {
        if (depth_ == 0) return false;
        row = remembered_[--depth_];
        return true;
    }
    bool set(std::uint64_t reg, std::int64_t size) noexcept {
        row.reg = reg;
        row.size = size;
        return true;
    }
    bool step(Bytes& code) noexcept;

    const Common& common_;
    std::uint64_t at_, until_;
    Row remembered_[kMostRemembered];
    std::uint32_t depth_ = 0;
};

bool Machine::step(Bytes& code) noexcept {
    const auto byte = code.take<std::uint8_t>();
    const std::uint8_t low = byte & 0x3Fu;
    if (byte >= 0xC0) return restore(low);
    if (byte >= 0x80) return save(low, static_cast<std::int64_t>(code.unsigned_number()));
    if (byte >= 0x40) return advance(low);
    std::uint64_t reg = 0;
    switch (byte) {
        case 0x00:  // nop
            return true;
        case 0x02:  // advance_loc1, 2, 4
            return advance(code.take<std::uint8_t>());
        case 0x03:
            return advance(code.take<std::uint16_t>());
        case 0x04:
            return advance(code.take<std::uint32_t>());
        case 0x05:  // offset_extended
            reg = code.unsigned_number();
            return save(reg, static_cast<std::int64_t>(code.unsigned_number()));
        case 0x06:  // restore_extended
            return restore(code.unsigned_number());
        case 0x07:  // undefined: of the frame pointer, or of the return address at the end of a stack
            reg = code.unsigned_number();
            return reg != kFramePointer && reg != kReturnAddress;
        case 0x08:  // same_value
            reg = code.unsigned_number();
            if (reg == kFramePointer) row.is_saved = false;
            return true;
        case 0x0A:
            return remember();
        case 0x0B:
            return recall();
        case 0x0C:  // def_cfa
            reg = code.unsigned_number();
            return set(reg, static_cast<std::int64_t>(code.unsigned_number()));
        case 0x0D:  // def_cfa_register
            return set(code.unsigned_number(), row.size);
        case 0x0E:  // def_cfa_offset
            return set(row.reg, static_cast<std::int64_t>(code.unsigned_number()));
        case 0x2E:  // GNU_args_size
            code.unsigned_number();
            return true;
        default:
            return false;
    }
}

// The table of .eh_frame_hdr, sorted by function: the last one that begins at or below the address. 0: none.
std::uint64_t find_entry(std::uint64_t header, std::uint64_t address, CopyMemory copy) noexcept {
    struct {
        std::uint8_t version, frame_encoding, count_encoding, table_encoding;
        std::int32_t frame;
        std::uint32_t count;
    } head{};
    if (!copy(header, &head, sizeof head) || head.version != 1 ||
        head.frame_encoding != kRelative4 || head.count_encoding != 0x03 ||
        head.table_encoding != 0x3B)
        return 0;
    struct {
        std::int32_t begin, entry;
    } pair{};
    std::uint64_t low = 0;
    std::uint64_t high = head.count;
    std::uint64_t found = 0;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (!copy(header + sizeof head + middle * sizeof pair, &pair, sizeof pair)) return 0;
        if (header + static_cast<std::uint64_t>(std::int64_t{pair.begin}) > address) {
            high = middle;
            continue;
        }
        found = header + static_cast<std::uint64_t>(std::int64_t{pair.entry});
        low = middle + 1;
    }
    return found;
}

UnwindRule rule_of(const Row& row) noexcept {
    constexpr std::int64_t kMost = UnwindRule::kMost;
    const bool by_frame_pointer = row.reg == kFramePointer;
    const bool size_fits = row.size > 0 && row.size <= kMost && row.size % 8 == 0;
    const bool saved_fits =
        !row.is_saved || (row.saved < 0 && row.saved >= -kMost && row.saved % 8 == 0);
    if ((!by_frame_pointer && row.reg != kStackPointer) || !size_fits || !saved_fits) return {};
    return {by_frame_pointer, row.size, row.is_saved ? row.saved : 0};
}

}  // namespace

UnwindRule find_rule(std::uint64_t header, std::uint64_t address, CopyMemory copy) noexcept {
    const std::uint64_t call = address - 1;  // the call lies before where it returns to
    const std::uint64_t place = find_entry(header, call, copy);
    Entry own;
    Entry shared;
    if (place == 0 || !read_entry(place, own, copy)) return {};
    Bytes bytes{own.bytes, own.bytes + own.size};
    const std::uint64_t back = bytes.take<std::uint32_t>();
    const std::uint64_t begin =
        own.place + 4 + static_cast<std::uint64_t>(std::int64_t{bytes.take<std::int32_t>()});
    const std::uint64_t length = bytes.take<std::uint32_t>();
    Common common;
    if (back == 0 || call - begin >= length || !read_entry(own.place - back, shared, copy) ||
        !read_common(shared, common))
        return {};
    bytes.skip(bytes.unsigned_number());
    Machine machine(common, begin, call + 1);
    if (!machine.follow(common.instructions)) return {};
    machine.first = machine.row;
    if (!machine.follow(bytes)) return {};
    return rule_of(machine.row);
}

#else

// Compilers for AArch64 keep frame pointers.
UnwindRule find_rule(std::uint64_t, std::uint64_t, CopyMemory) noexcept { return {}; }

#endif

}  // namespace tidemark::producer
