// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/nvml.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "viewers/sensors/nvml_api.hpp"

namespace tidemark::sensors {
namespace {

constexpr unsigned kMostCards = 256;
constexpr unsigned kHottest = 300;         // degrees Celsius
constexpr unsigned kHighest = 20'000'000;  // mW
constexpr unsigned kFastest = 100'000;     // MHz

std::optional<std::string> text_of(nvml::GetText get, nvml::Device device, unsigned size) {
    std::array<char, nvml::kNameSize + 1> text{};
    if (get == nullptr ||
        get(device, text.data(), std::min(size, nvml::kNameSize)) != nvml::kSuccess ||
        text[0] == '\0') {
        return std::nullopt;
    }
    return std::string(text.data());
}

// What `get` says, if it is at most `most`: NVML has sentinels for figures that it lacks.
template <typename Get>
std::optional<unsigned> figure(Get get, unsigned most) {
    unsigned value = 0;
    return get(&value) == nvml::kSuccess && value <= most ? std::optional(value) : std::nullopt;
}

}  // namespace

struct Nvml::Library {
    void* handle = nullptr;
    bool started = false;
    nvml::Shutdown shutdown = nullptr;
    nvml::GetCount count = nullptr;
    nvml::GetHandle device = nullptr;
    nvml::GetText name = nullptr;
    nvml::GetText serial = nullptr;
    nvml::GetTemperature temperature = nullptr;
    nvml::GetPower power = nullptr;
    nvml::GetUtilization utilization = nullptr;
    nvml::GetClock clock = nullptr;
    nvml::GetMemory memory = nullptr;
    nvml::GetPci pci = nullptr;

    template <typename Function>
    void find(Function& function, const char* symbol) const {
        function = reinterpret_cast<Function>(::dlsym(handle, symbol));
    }
    bool start();
    Reading read(unsigned index) const;
    void read_sensors(nvml::Device card, Reading& reading) const;
    void read_identity(nvml::Device card, Reading& reading) const;

    ~Library() {
        if (started && shutdown != nullptr) {
            shutdown();
        }
        if (handle != nullptr) {
            ::dlclose(handle);
        }
    }
};

bool Nvml::Library::start() {
    nvml::Init init = nullptr;
    find(init, "nvmlInit_v2");
    find(shutdown, "nvmlShutdown");
    find(count, "nvmlDeviceGetCount_v2");
    find(device, "nvmlDeviceGetHandleByIndex_v2");
    find(name, "nvmlDeviceGetName");
    find(serial, "nvmlDeviceGetSerial");
    find(temperature, "nvmlDeviceGetTemperature");
    find(power, "nvmlDeviceGetPowerUsage");
    find(utilization, "nvmlDeviceGetUtilizationRates");
    find(clock, "nvmlDeviceGetClockInfo");
    find(memory, "nvmlDeviceGetMemoryInfo");
    find(pci, "nvmlDeviceGetPciInfo_v3");
    started = init != nullptr && count != nullptr && device != nullptr && init() == nvml::kSuccess;
    return started;
}

void Nvml::Library::read_sensors(nvml::Device card, Reading& reading) const {
    if (temperature != nullptr) {
        reading.temperature_c = figure(
            [&](unsigned* to) { return temperature(card, nvml::kTemperatureGpu, to); }, kHottest);
    }
    if (power != nullptr) {
        const auto mw = figure([&](unsigned* to) { return power(card, to); }, kHighest);
        reading.power_w = mw ? std::optional(*mw / 1000.0) : std::nullopt;
    }
    if (clock != nullptr) {
        reading.clock_mhz =
            figure([&](unsigned* to) { return clock(card, nvml::kClockSm, to); }, kFastest);
    }
    nvml::Utilization busy{};
    if (utilization != nullptr && utilization(card, &busy) == nvml::kSuccess && busy.gpu <= 100) {
        reading.utilization_percent = busy.gpu;
    }
    nvml::Memory told{};
    if (memory != nullptr && memory(card, &told) == nvml::kSuccess && told.used <= told.total &&
        told.total != 0) {
        reading.memory_used = told.used;
        reading.memory_total = told.total;
    }
}

void Nvml::Library::read_identity(nvml::Device card, Reading& reading) const {
    reading.name = text_of(name, card, nvml::kNameSize);
    reading.serial = text_of(serial, card, nvml::kSerialSize);
    nvml::PciInfo info{};
    if (pci != nullptr && pci(card, &info) == nvml::kSuccess) {
        // As sysfs writes it; NVML's own text has a domain of eight digits. A card is function 0.
        std::array<char, 40> text{};
        std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.0", info.domain, info.bus,
                      info.device);
        reading.pci = text.data();
    }
}

Reading Nvml::Library::read(unsigned index) const {
    Reading reading;
    reading.source = {Kind::kNvidia, index};
    nvml::Device card = nullptr;
    if (device(index, &card) == nvml::kSuccess) {
        read_identity(card, reading);
        read_sensors(card, reading);
    }
    return reading;
}

Nvml::Nvml(const std::string& library) : library_(std::make_unique<Library>()) {
    library_->handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_->handle == nullptr || !library_->start()) {
        library_.reset();
    }
}

Nvml::~Nvml() = default;

std::vector<Reading> Nvml::read() const {
    std::vector<Reading> found;
    unsigned cards = 0;
    if (library_ == nullptr || library_->count(&cards) != nvml::kSuccess) {
        return found;
    }
    for (unsigned i = 0; i < std::min(cards, kMostCards); ++i) {
        found.push_back(library_->read(i));
    }
    return found;
}

}  // namespace tidemark::sensors
