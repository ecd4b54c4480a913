// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's cards through NVML, the library that comes with their driver: loaded at run time if it is there, so that
// nothing depends on it. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "viewers/sensors/reading.hpp"

namespace tidemark::sensors {

class Nvml {
public:
    // `library`: a name or path for dlopen(). Without the library, or with one that can't start, there are no cards.
    explicit Nvml(const std::string& library = "libnvidia-ml.so.1");
    ~Nvml();
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;

    // By NVML's index, at most 256. What a card does not answer is unknown.
    std::vector<Reading> read() const;

private:
    struct Library;
    std::unique_ptr<Library> library_;  // null: not there
};

}  // namespace tidemark::sensors
