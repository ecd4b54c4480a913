// SPDX-License-Identifier: Apache-2.0
//
// A folder that stands in for a machine: sys/ and proc/ as the viewers read them with --sysfs-root. Gone at the end.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tidemark::test {

class FakeMachine {
public:
    FakeMachine() {
        static int count = 0;
        const char* folder = std::getenv("TMPDIR");
        root_ = std::string(folder != nullptr ? folder : "/tmp") + "/tidemark-machine-" +
                std::to_string(::getpid()) + "-" + std::to_string(count++);
        std::filesystem::create_directories(root_);
    }
    ~FakeMachine() {
        std::error_code gone;
        std::filesystem::remove_all(root_, gone);
    }
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;

    const std::string& root() const { return root_; }
    std::string at(const std::string& path) const { return root_ + path; }

    // `path` from the root on, "/sys/...".
    void file(const std::string& path, std::string_view text) const {
        make_folder_of(path);
        std::ofstream(at(path), std::ios::binary) << text;
    }
    void folder(const std::string& path) const {
        std::filesystem::remove_all(at(path));
        std::filesystem::create_directories(at(path));
    }
    void link(const std::string& path, const std::string& target) const {
        make_folder_of(path);
        std::filesystem::remove_all(at(path));
        std::filesystem::create_symlink(target, at(path));
    }
    void remove(const std::string& path) const { std::filesystem::remove_all(at(path)); }

    static std::string card(std::uint32_t index) {
        return "/sys/class/tenstorrent/tenstorrent!" + std::to_string(index);
    }
    static std::string hwmon(std::uint32_t index) { return card(index) + "/device/hwmon/hwmon7"; }

    // A card whose files all answer.
    void add_card(std::uint32_t index, const std::string& type, const std::string& driver,
                  const std::string& id) const {
        file(card(index) + "/tt_card_type", type + "\n");
        file(card(index) + "/tt_serial", "0100014511702058\n");
        file(card(index) + "/tt_aiclk", "1000\n");
        file(card(index) + "/device/vendor", "0x1e52\n");
        file(card(index) + "/device/device", id + "\n");
        file(card(index) + "/device/uevent",
             "DRIVER=tenstorrent\nPCI_SLOT_NAME=0000:0" + std::to_string(index + 1) + ":00.0\n");
        file(hwmon(index) + "/name", driver + "\n");
        file(hwmon(index) + "/temp1_input", "45250\n");
        file(hwmon(index) + "/in0_input", "812\n");
        file(hwmon(index) + "/curr1_input", "22000\n");
        file(hwmon(index) + "/power1_input", "36000000\n");
        file(hwmon(index) + "/fan1_input", "2100\n");
    }
    void add_host() const {
        file("/proc/meminfo",
             "MemTotal:       32000000 kB\nMemFree:         1000000 kB\nMemAvailable:   24000000 "
             "kB\n");
        file("/sys/class/hwmon/hwmon0/name", "coretemp\n");
        file("/sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
        file("/sys/class/hwmon/hwmon0/temp1_input", "51000\n");
        file("/sys/class/hwmon/hwmon0/temp2_label", "Core 0\n");
        file("/sys/class/hwmon/hwmon0/temp2_input", "99000\n");
    }
    // Two NVIDIA cards: see fake_nvml.c.
    void add_nvidia() const {
        const char* libraries = std::getenv("TIDEMARK_LIB_DIR");
        link("/libnvidia-ml.so.1",
             std::string(libraries != nullptr ? libraries : "lib") + "/fake_nvml.so");
    }
    // Processes that hold a card open, one line a handle.
    void hold(std::uint32_t index, std::string_view lines) const {
        file("/proc/driver/tenstorrent/" + std::to_string(index) + "/pids", lines);
    }

private:
    void make_folder_of(const std::string& path) const {
        std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    }

    std::string root_;
};

}  // namespace tidemark::test
