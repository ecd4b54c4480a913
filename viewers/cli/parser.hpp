// SPDX-License-Identifier: Apache-2.0
//
// The command-line parser as the verbs see it. CLI11 stays behind it (parser.cpp), so that one file compiles it and one
// place decides how flags behave: a list takes one word an occurrence, an optional value never eats a verb.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace tidemark::cli {

// Declares what one verb accepts. Targets must outlive the parse.
class OptionSet {
public:
    explicit OptionSet(CLI::App& app) : app_(app) {}

    // `names` as CLI11 writes them: "-f,--force".
    void flag(const char* names, bool& target);
    void text(const char* names, std::optional<std::string>& target);
    // "0,2" or repeated.
    void list(const char* names, std::vector<std::string>& target);
    // A flag that may carry a value: "-w", "-w2", "-w 2", "--watch=2".
    void optional_value(const char* names, bool& given, std::optional<std::string>& value);
    void positional(const char* name, std::optional<std::string>& target);

private:
    CLI::App& app_;
};

// A command line cut in two at its first "--": what follows it is a command of the user's, never parsed.
struct SplitArguments {
    std::vector<std::string> own;  // without the program's name
    std::vector<std::string> command;
    bool has_separator = false;
};
SplitArguments split_arguments(int argc, const char* const* argv);

class Command;

struct Parsed {
    Command* command = nullptr;  // the verb; null if none was given
    bool help = false;
    bool version = false;
};

class Parser {
public:
    // Declares the commands as verbs, each with its own options; those must outlive the parser.
    explicit Parser(const std::vector<std::unique_ptr<Command>>& commands);
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    // To declare options that stand before the verb or without one, and options of the verb at `index`.
    OptionSet root();
    OptionSet verb(std::size_t index);

    // Stores into the declared targets. Throws Failure(kUsage).
    Parsed parse(const std::vector<std::string>& arguments);

    // Every long option of a verb (empty: of the root), for completion and for the test of the help texts.
    std::vector<std::string> long_options(std::string_view verb) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tidemark::cli
