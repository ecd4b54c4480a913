// SPDX-License-Identifier: Apache-2.0
#include "collector/call_site_text.hpp"
#include "collector/plain_text.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

namespace tidemark::collector {
namespace {

// "/usr/bin/app+0x1139", or the address alone.
std::string place_of(const Frame& frame) {
    std::string file;
    std::uint64_t offset = frame.address;
    if (frame.module != nullptr && frame.module->path[0] != '\0') {
        file.assign(frame.module->path, strnlen(frame.module->path, sizeof frame.module->path));
        file += '+';
        offset = frame.address - frame.module->begin + frame.module->file_offset;
    }
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "0x%llx", static_cast<unsigned long long>(offset));
    return file + digits.data();
}

}  // namespace

const std::string& CallSiteTexts::text(std::uint64_t image, std::uint32_t stack) {
    if (image != image_) {
        forget();
        image_ = image;
    }
    const auto [place, is_new] = texts_.try_emplace(stack, "null");
    if (!is_new || stack == 0) return place->second;
    if (!account_) account_ = AccountReader::open(instance_, image);
    place->second = read(stack);
    return place->second;
}

void CallSiteTexts::forget() {
    account_.reset();
    texts_.clear();
    image_ = 0;
}

std::string CallSiteTexts::read(std::uint32_t stack) const {
    nlohmann::json places = nlohmann::json::array();
    if (account_)
        for (const Frame& frame : account_->call_site(stack))
            places.push_back(place_of(frame));
    if (places.empty()) return "null";
    return plain_json(places.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace tidemark::collector
