// SPDX-License-Identifier: Apache-2.0
//
// tt-metal's shared regions as a test writes and reads them: offsets written out, nothing shared with the code under test.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tidemark::test {

class TtRegion {
public:
    static constexpr std::size_t kSize = 8576;

    explicit TtRegion(std::uint32_t version = 4, std::uint32_t device = 0) : bytes_(kSize, 0) {
        put<std::uint32_t>(0, version);
        put<std::uint32_t>(40, device);
        for (std::size_t chip = 0; chip < 16; ++chip)
            put<std::uint32_t>(88 + 48 * chip, 0xFFFFFFFFu);
        put<std::uint32_t>(8536, 0x52454459);
    }
    explicit TtRegion(std::vector<char> bytes) : bytes_(std::move(bytes)) {}

    static TtRegion read(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return TtRegion(std::vector<char>(std::istreambuf_iterator<char>(file), {}));
    }
    static std::string path(const std::string& folder, std::uint64_t chip) {
        return folder + "/tt_device_" + std::to_string(chip) + "_memory";
    }
    // As a whole, so that no reader sees a part.
    void write(const std::string& path) const {
        std::ofstream(path + ".part", std::ios::binary).write(bytes_.data(), size());
        chmod((path + ".part").c_str(), 0600);
        std::filesystem::rename(path + ".part", path);
    }

    template <class Value>
    void put(std::size_t offset, Value value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
    }
    template <class Value>
    Value get(std::size_t offset) const {
        Value value{};
        if (offset + sizeof value <= bytes_.size())
            std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }
    void put_chip(std::size_t place, std::uint32_t id, bool is_remote, std::uint64_t dram) {
        put<std::uint32_t>(88 + 48 * place, id);
        put<std::uint32_t>(88 + 48 * place + 4, is_remote ? 1 : 0);
        put<std::uint64_t>(88 + 48 * place + 8, dram);
    }
    // Figures: DRAM, L1, L1_SMALL, TRACE, CB.
    void put_process(std::size_t place, std::int32_t pid, const std::uint64_t (&figures)[5],
                     const char* name) {
        put<std::int32_t>(856 + 120 * place, pid);
        for (std::size_t i = 0; i < 5; ++i)
            put<std::uint64_t>(856 + 120 * place + 8 + 8 * i, figures[i]);
        std::strncpy(bytes_.data() + 856 + 120 * place + 56, name, 63);
    }
    void cut(std::size_t size) { bytes_.resize(size, 0); }

private:
    std::streamsize size() const { return static_cast<std::streamsize>(bytes_.size()); }
    std::vector<char> bytes_;
};

}  // namespace tidemark::test
