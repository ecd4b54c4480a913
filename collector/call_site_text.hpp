// SPDX-License-Identifier: Apache-2.0
//
// Call sites of leaks as the logs write them: files and offsets, from the account of the image. Names of functions are
// a viewer's business, since looking them up takes long.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tidemark/account_reader.hpp"

namespace tidemark::collector {

// Sink thread only. Leaks of an image come together, so the last image's account stays open.
class CallSiteTexts {
public:
    explicit CallSiteTexts(std::string instance) : instance_(std::move(instance)) {}

    // A JSON array of texts, or "null": none was recorded, or the account is gone. Valid until the next call.
    const std::string& text(std::uint64_t image, std::uint32_t stack);
    // Lets go of the account.
    void forget();

private:
    std::string read(std::uint32_t stack) const;

    std::string instance_;
    std::uint64_t image_ = 0;
    std::optional<AccountReader> account_;
    std::map<std::uint32_t, std::string> texts_;
};

}  // namespace tidemark::collector
