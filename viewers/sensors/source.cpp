// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/source.hpp"

#include <charconv>

namespace tidemark::sensors {
namespace {

constexpr std::string_view kTenstorrentWord = "tenstorrent:";
constexpr std::string_view kNvidiaWord = "nvidia:";
constexpr std::string_view kHostWord = "host";

std::optional<Source> numbered(Kind kind, std::string_view digits) {
    Source source{kind, 0};
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, source.index);
    return error == std::errc{} && end == last ? std::optional(source) : std::nullopt;
}

}  // namespace

std::string source_word(const Source& source) {
    if (source.kind == Kind::kHost) {
        return std::string(kHostWord);
    }
    return std::string(source.kind == Kind::kTenstorrent ? kTenstorrentWord : kNvidiaWord) +
           std::to_string(source.index);
}

std::optional<Source> parse_source(std::string_view word) {
    if (word == kHostWord) {
        return Source{Kind::kHost, 0};
    }
    if (word.starts_with(kTenstorrentWord)) {
        return numbered(Kind::kTenstorrent, word.substr(kTenstorrentWord.size()));
    }
    if (word.starts_with(kNvidiaWord)) {
        return numbered(Kind::kNvidia, word.substr(kNvidiaWord.size()));
    }
    return std::nullopt;
}

}  // namespace tidemark::sensors
