// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "viewers/model/snapshot_json.hpp"

namespace tidemark::model {

void JsonText::put(std::string_view text) {
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
    });
    if (is_plain) {
        ((out_ += '"') += text) += '"';
    } else {
        out_ += dump(text, -1);
    }
}

}  // namespace tidemark::model
