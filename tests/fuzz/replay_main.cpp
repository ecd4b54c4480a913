// SPDX-License-Identifier: Apache-2.0
//
// Where there is no libFuzzer: replay <corpus folder> <rounds>. Each file of the corpus once, then `rounds` inputs made
// from them by a seeded generator (TIDEMARK_SEED; TIDEMARK_TORTURE: minutes of rounds instead). The input under way
// lies in <name of this program>.input of the working folder, which stays there if this dies.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t kMostBytes = 4096;

// What survives however this process ends.
class LastInput {
public:
    explicit LastInput(const std::string& path) : path_(path) {
        const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (file < 0 || ftruncate(file, sizeof(std::uint64_t) + kMostBytes) != 0) std::exit(2);
        void* at = mmap(nullptr, sizeof(std::uint64_t) + kMostBytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED, file, 0);
        close(file);
        if (at == MAP_FAILED) std::exit(2);
        bytes_ = static_cast<std::uint8_t*>(at);
    }
    void keep(const Bytes& input) const {
        const std::uint64_t size = input.size();
        std::memcpy(bytes_, &size, sizeof size);
        if (size != 0) std::memcpy(bytes_ + sizeof size, input.data(), size);
    }
    void forget() const { unlink(path_.c_str()); }

private:
    std::string path_;
    std::uint8_t* bytes_ = nullptr;
};

Bytes read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    bytes.resize(std::min(bytes.size(), kMostBytes));
    return bytes;
}

std::vector<Bytes> read_corpus(const char* folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> corpus;
    for (const auto& path : paths)
        corpus.push_back(read_file(path));
    return corpus;
}

using Random = std::mt19937_64;

void change_once(Bytes& bytes, const std::vector<Bytes>& corpus, Random& random) {
    static constexpr std::uint64_t kValues[] = {
        0, 1, 7, 8, 63, 64, 255, 4095, 4096, 1ull << 31, ~0u, 1ull << 47, 1ull << 63, ~0ull};
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::uint64_t value = kValues[random() % std::size(kValues)];
    switch (random() % 6) {
        case 0:
            if (!bytes.empty()) bytes[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
            break;
        case 1:
            if (!bytes.empty()) bytes[at] = static_cast<std::uint8_t>(random());
            break;
        case 2:
            std::memcpy(bytes.data() + at, &value, std::min<std::size_t>(8, bytes.size() - at));
            break;
        case 3:
            bytes.erase(place, place + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                           random() % 16, bytes.size() - at)));
            break;
        case 4:
            bytes.insert(place, 1 + random() % 15, static_cast<std::uint8_t>(random()));
            break;
        default: {
            const Bytes& other = corpus[random() % corpus.size()];
            const std::size_t from = other.empty() ? 0 : random() % other.size();
            bytes.insert(place, other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        }
    }
    bytes.resize(std::min(bytes.size(), kMostBytes));
}

double minutes_of_torture() {
    const char* text = std::getenv("TIDEMARK_TORTURE");
    return text != nullptr ? std::strtod(text, nullptr) : 0;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return 2;
    const std::vector<Bytes> corpus = read_corpus(words[1]);
    if (corpus.empty()) return 2;
    const LastInput last(std::string(program_invocation_short_name) + ".input");
    const auto run = [&](const Bytes& bytes) {
        last.keep(bytes);
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    };
    for (const Bytes& bytes : corpus)
        run(bytes);
    const char* given = std::getenv("TIDEMARK_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'260'101;
    const double minutes = minutes_of_torture();
    const std::uint64_t rounds = std::strtoull(words[2], nullptr, 10);
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(static_cast<long>(minutes * 60'000));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    Random random(seed);
    std::uint64_t done = 0;
    while (minutes > 0 ? std::chrono::steady_clock::now() < until : done < rounds) {
        Bytes bytes = corpus[random() % corpus.size()];
        for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes)
            change_once(bytes, corpus, random);
        run(bytes);
        ++done;
    }
    std::printf("%zu files of the corpus and %llu changed inputs\n", corpus.size(),
                static_cast<unsigned long long>(done));
    last.forget();
}
