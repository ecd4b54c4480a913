// SPDX-License-Identifier: Apache-2.0
//
// A deterministic C++ program: containers, strings, aligned new, shared pointers, exceptions, streams, a regular
// expression, threads. Its figures are compared with valgrind's.
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

// Constructed before main, destroyed after it.
std::vector<std::string> early(50, std::string(100, 'e'));

struct alignas(256) Wide {
    char bytes[512];
};

void containers() {
    std::map<int, std::string> tree;
    std::unordered_map<std::string, std::vector<int>> table;
    for (int i = 0; i < 2000; ++i) {
        tree[i * 7919 % 2003] = std::string(static_cast<std::size_t>(i % 60), 'x');
        table["key " + std::to_string(i % 300)].push_back(i);
    }
    for (int i = 0; i < 1000; ++i)
        tree.erase(i);
    std::vector<std::unique_ptr<Wide>> wide;
    for (int i = 0; i < 100; ++i)
        wide.push_back(std::make_unique<Wide>());
    const std::vector<std::shared_ptr<int>> shared(1000, std::make_shared<int>(7));
    if (shared.front().use_count() != 1000) std::abort();
}

void exceptions() {
    for (int i = 0; i < 500; ++i) {
        try {
            if (i % 2 == 0) throw std::runtime_error("number " + std::to_string(i));
            throw std::vector<int>(static_cast<std::size_t>(i));
        } catch (const std::runtime_error&) {
        } catch (const std::vector<int>&) {
        }
    }
}

void text() {
    std::ostringstream out;
    for (int i = 0; i < 2000; ++i)
        out << i << ' ' << i / 3.0 << '\n';
    const std::regex expression("([a-z]+)=([0-9]+)(;|$)");
    const std::string subject = "alpha=1;beta=22;gamma=333";
    std::size_t matches = 0;
    for (std::sregex_iterator i(subject.begin(), subject.end(), expression), end; i != end; ++i) {
        matches += i->size();
    }
    std::cout << out.str().size() << " characters, " << matches << " groups\n";
}

void threads() {
    for (int i = 0; i < 3; ++i) {
        std::thread([i] {
            thread_local std::string of_thread(1000, 't');
            std::vector<std::string> mine(static_cast<std::size_t>(i + 1) * 100, of_thread);
            if (mine.back().size() != 1000) std::abort();
        }).join();
    }
}

}  // namespace

int main() {
    containers();
    exceptions();
    text();
    threads();
    new std::string(5000, 'l');  // left allocated
    return early.size() == 50 ? 0 : 1;
}
