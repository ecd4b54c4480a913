// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/settings.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace tidemark::tui {
namespace {

using Json = nlohmann::ordered_json;

// A person's choice of columns is some hundred bytes; what is longer is not ours.
constexpr std::uintmax_t kLongest = 65536;

Settings settings_of(const Json& document) {
    Settings settings;
    settings.columns.clear();
    for (const Json& name : document.at("columns")) {
        const auto column = column_named(name.get<std::string>());
        if (!column) throw std::invalid_argument("no column '" + name.get<std::string>() + "'");
        if (std::find(settings.columns.begin(), settings.columns.end(), *column) !=
            settings.columns.end())
            throw std::invalid_argument("column '" + name.get<std::string>() + "' twice");
        settings.columns.push_back(*column);
    }
    if (settings.columns.empty()) throw std::invalid_argument("no columns");
    const auto sort = column_named(document.at("sort").get<std::string>());
    if (!sort) throw std::invalid_argument("no column to sort by");
    settings.sort = *sort;
    settings.descending = document.at("descending").get<bool>();
    settings.tree = document.at("tree").get<bool>();
    return settings;
}

std::string complaint(const std::string& path, const char* why) {
    return path + ": " + why + "; the defaults are used";
}

bool write_all(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        done += static_cast<std::size_t>(written);
    }
    return ::fsync(fd) == 0;
}

std::string failed(const std::string& path) {
    return "cannot save " + path + ": " + std::strerror(errno);
}

}  // namespace

std::string settings_path() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && *config == '/') return std::string(config) + "/tidemark/top.json";
    const char* home = std::getenv("HOME");
    if (home != nullptr && *home != '\0') return std::string(home) + "/.config/tidemark/top.json";
    return {};
}

Settings read_settings(const std::string& path, std::string& notice) {
    std::error_code error;
    if (path.empty() || !std::filesystem::exists(path, error)) return {};
    try {
        if (!std::filesystem::is_regular_file(path) || std::filesystem::file_size(path) > kLongest)
            throw std::invalid_argument("not a settings file");
        std::ifstream file(path, std::ios::binary);
        if (!file) throw std::invalid_argument("cannot be read");
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        return settings_of(Json::parse(text));
    } catch (const nlohmann::json::exception&) {
        notice = complaint(path, "not the JSON that `tidemark top` writes");
    } catch (const std::exception& problem) {
        notice = complaint(path, problem.what());
    }
    return {};
}

std::string write_settings(const std::string& path, const Settings& settings) {
    if (path.empty()) return "cannot save the settings: neither XDG_CONFIG_HOME nor HOME is set";
    Json document = {{"columns", Json::array()},
                     {"sort", info(settings.sort).name},
                     {"descending", settings.descending},
                     {"tree", settings.tree}};
    for (const Column column : settings.columns)
        document["columns"].push_back(info(column).name);
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    std::string temporary = path + ".XXXXXX";
    const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (fd < 0) return failed(path);
    const bool written = write_all(fd, document.dump(2) + "\n");
    if (::close(fd) != 0 || !written || ::rename(temporary.c_str(), path.c_str()) != 0) {
        std::string reason = failed(path);
        ::unlink(temporary.c_str());
        return reason;
    }
    return {};
}

}  // namespace tidemark::tui
