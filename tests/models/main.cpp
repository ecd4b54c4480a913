// SPDX-License-Identifier: Apache-2.0
//
// The models as a program: checks them all, or some, as they are or with orders taken away.
//
//   --litmus             the checker's own examination
//   --model NAME         this model alone
//   --sites              after each model, where in the code it met an order: ADDRESS PART
//   --weaken ADDRESS PART   (repeatable) as if no order stood there
//   --trace              with a counter-example, how it came about
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "models/checker/explorer.hpp"
#include "models/models.hpp"

using namespace tidemark::model;

namespace {

struct Options {
    bool litmus = false, sites = false, trace = false;
    std::string only;
    std::set<Site> weakened;
};

Part part_of(const std::string& name) {
    for (const Part part : {Part::kAcquire, Part::kRelease, Part::kFailure, Part::kFence})
        if (name == name_of(part)) return part;
    if (name == name_of(Part::kBarrier)) return Part::kBarrier;
    std::fprintf(stderr, "model_check: no part of an order: %s\n", name.c_str());
    std::exit(2);
}

Options read_options(int count, char** words) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--litmus")
            options.litmus = true;
        else if (word == "--sites")
            options.sites = true;
        else if (word == "--trace")
            options.trace = true;
        else if (word == "--model" && i + 1 < count)
            options.only = words[++i];
        else if (word == "--weaken" && i + 2 < count) {
            const auto address = std::strtoull(words[i + 1], nullptr, 16);
            options.weakened.insert({address, part_of(words[i + 2])});
            i += 2;
        } else {
            std::fprintf(stderr, "model_check: not understood: %s\n", word.c_str());
            std::exit(2);
        }
    }
    return options;
}

void tell(const char* name, const Result& result, const Options& options) {
    std::printf("%-40s %9llu states %9llu executions %6llu cut   %s\n", name,
                static_cast<unsigned long long>(result.states),
                static_cast<unsigned long long>(result.executions),
                static_cast<unsigned long long>(result.cut),
                result.counter_example.empty() ? "holds" : result.counter_example.c_str());
    if (options.trace)
        for (const std::string& line : result.trace)
            std::printf("    %s\n", line.c_str());
    if (options.sites)
        for (const Site& site : result.sites)
            std::printf("site %#llx %s\n", static_cast<unsigned long long>(site.address),
                        name_of(site.part));
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
    const Options options = read_options(count, words);
    int wrong = 0, done = 0;
    if (options.litmus) {
        for (const Litmus& litmus : litmus_tests()) {
            const Result result = explore(litmus.model, {});
            tell(litmus.model.name, result, options);
            if (result.counter_example.empty() == litmus.is_allowed) {
                std::printf("    WRONG: that outcome is %s\n",
                            litmus.is_allowed ? "allowed" : "forbidden");
                ++wrong;
            }
            ++done;
        }
    } else {
        for (const Model& model : models()) {
            if (!options.only.empty() && options.only != model.name) continue;
            const Result result = explore(model, options.weakened);
            tell(model.name, result, options);
            wrong += !result.counter_example.empty();
            ++done;
        }
    }
    if (done == 0) std::fprintf(stderr, "model_check: no such model\n");
    return done == 0 ? 2 : wrong != 0;
}
