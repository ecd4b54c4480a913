// SPDX-License-Identifier: Apache-2.0
//
// A verb of `tidemark`. One file a verb; commands.cpp holds the one list of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "viewers/cli/options.hpp"
#include "viewers/cli/parser.hpp"

namespace tidemark::cli {

struct Invocation {
    const Options& options;
    std::vector<std::string> command;  // what followed "--"
    bool has_separator = false;
};

class Command {
public:
    virtual ~Command() = default;
    virtual const char* name() const = 0;
    // At most 56 characters: one line of `tidemark --help`.
    virtual const char* summary() const = 0;
    // At most 24 lines of 80 columns, examples last.
    virtual const char* help() const = 0;
    // Options of this verb alone; the shared ones are added to every verb.
    virtual void add_options(OptionSet&) {}
    // Of the verb that runs when none is named, whose options stand without it too: the one given, which another verb
    // must not ignore; empty: none.
    virtual std::string own_option() const { return {}; }
    // The exit status. May throw Failure.
    virtual int run(const Invocation& invocation) = 0;
};

// All verbs, in the order of `tidemark --help`.
std::vector<std::unique_ptr<Command>> make_commands();

// A parser that knows the verbs, their options and the shared ones (stored into `raw`), before and behind the verb.
std::unique_ptr<Parser> make_parser(const std::vector<std::unique_ptr<Command>>& commands,
                                    RawOptions& raw);

// `tidemark --help`.
std::string overview(const std::vector<std::unique_ptr<Command>>& commands);

// A whole invocation: parse, run, print what failed. The exit status.
int run_main(int argc, const char* const* argv);

}  // namespace tidemark::cli
