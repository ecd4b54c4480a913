// SPDX-License-Identifier: Apache-2.0
//
// Which ring segments there are, and what they hold as JSON.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "ring_counts.hpp"
#include "shm/ring_layout.hpp"

namespace ring_counts {

using namespace tidemark::shm;

namespace {

std::vector<std::string> objects_of(const std::string& instance, const char* prefix) {
    std::vector<std::pair<std::uint64_t, std::string>> found;
    for (const auto& entry : std::filesystem::directory_iterator(kShmDirectory)) {
        if (entry.path().filename().string().rfind(prefix, 0) != 0) continue;
        RingHeader header{};
        const int fd = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
        const ssize_t got = fd >= 0 ? ::read(fd, &header, sizeof header) : 0;
        if (fd >= 0) close(fd);
        if (got != sizeof header) continue;
        if (std::strncmp(header.instance, instance.c_str(), sizeof header.instance) != 0) continue;
        found.emplace_back(header.attach_stamp, entry.path().string());
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> paths;
    for (auto& [stamp, path] : found)
        paths.push_back(std::move(path));
    return paths;
}

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c >= 0 && c < ' ' ? ' ' : c;
    }
    return result + "\"";
}

void write(std::ostream& out, const Image& image) {
    static const char* const causes[] = {
#define TIDEMARK_X(id, name, doc) name,
        TIDEMARK_LOSS_CAUSES(TIDEMARK_X)
#undef TIDEMARK_X
    };
    const auto number = [&](const char* key, auto value) { out << ",\"" << key << "\":" << value; };
    out << "{\"name\":" << quoted(image.name) << ",\"command\":" << quoted(image.command);
    out << ",\"problem\":" << quoted(image.problem) << ",\"path\":" << quoted(image.path);
    number("image", image.image);
    number("parent_image", image.parent_image);
    number("pid", image.pid);
    number("parent_pid", image.parent_pid);
    number("allocations", image.allocations);
    number("frees", image.frees);
    number("late_frees", image.late_frees);
    number("bytes", image.bytes);
    number("live", image.live);
    number("live_bytes", image.live_bytes);
    number("peak_bytes", image.peak_bytes);
    number("unknown_frees", image.unknown_frees);
    number("duplicates", image.duplicates);
    number("gaps", image.gaps);
    number("lanes", image.lanes);
    number("handler_events", image.handler_events);
    number("lost_events", image.lost_events());
    out << ",\"lost\":{";
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        const Loss& loss = image.lost[cause];
        out << (cause == 0 ? "\"" : ",\"") << causes[cause]
            << "\":{\"allocations\":" << loss.allocations << ",\"frees\":" << loss.frees
            << ",\"bytes\":" << loss.bytes << "}";
    }
    out << "}}";
}

}  // namespace

std::uint64_t Image::lost_events() const {
    std::uint64_t sum = 0;
    for (const Loss& loss : lost)
        sum += loss.allocations + loss.frees;
    return sum;
}

std::vector<Image> read_instance(const std::string& instance) {
    std::vector<Image> images;
    for (const std::string& path : objects_of(instance, kRingPrefix))
        images.push_back(read(path));
    return images;
}

void remove_instance(const std::string& instance) {
    for (const char* prefix : {kRingPrefix, kTemporaryPrefix}) {
        for (const std::string& path : objects_of(instance, prefix))
            unlink(path.c_str());
    }
}

std::string to_json(const std::vector<Image>& images) {
    std::ostringstream out;
    out << "[";
    for (std::size_t i = 0; i < images.size(); ++i) {
        out << (i == 0 ? "" : ",\n");
        write(out, images[i]);
    }
    out << "]\n";
    return out.str();
}

}  // namespace ring_counts
