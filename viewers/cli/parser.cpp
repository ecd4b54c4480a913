// SPDX-License-Identifier: Apache-2.0
//
// The only file that sees CLI11. Its exit codes (100 and above) and its `--` handling (2.1.2 reverses what follows)
// never come out of here.
#include "viewers/cli/parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "viewers/cli/command.hpp"
#include "viewers/cli/failure.hpp"

namespace tidemark::cli {
namespace {

CLI::Option* string_option(CLI::App& app, const char* names, std::optional<std::string>& target) {
    return app
        .add_option_function<std::string>(names,
                                          [&target](const std::string& value) { target = value; })
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

}  // namespace

void OptionSet::flag(const char* names, bool& target) {
    app_.add_flag_function(names, [&target](std::int64_t count) { target = target || count > 0; });
}

void OptionSet::text(const char* names, std::optional<std::string>& target) {
    string_option(app_, names, target)->type_size(1)->expected(1);
}

void OptionSet::list(const char* names, std::vector<std::string>& target) {
    app_.add_option_function<std::vector<std::string>>(
            names,
            [&target](const std::vector<std::string>& words) {
                target.insert(target.end(), words.begin(), words.end());
            })
        ->delimiter(',')
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

void OptionSet::optional_value(const char* names, bool& given, std::optional<std::string>& value) {
    app_.add_option_function<std::string>(names,
                                          [&given, &value](const std::string& text) {
                                              given = true;
                                              if (!text.empty()) {
                                                  value = text;
                                              }
                                          })
        ->expected(0, 1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void OptionSet::positional(const char* name, std::optional<std::string>& target) {
    string_option(app_, name, target);
}

SplitArguments split_arguments(int argc, const char* const* argv) {
    SplitArguments split;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (split.has_separator) {
            split.command.push_back(word);
        } else if (word == "--") {
            split.has_separator = true;
        } else {
            split.own.push_back(word);
        }
    }
    return split;
}

struct Parser::State {
    CLI::App app;
    std::vector<std::pair<Command*, CLI::App*>> verbs;
    bool help = false;
    bool version = false;

    CLI::App* verb_used() const {
        const auto used = app.get_subcommands();
        return used.empty() ? nullptr : used.front();
    }
};

Parser::Parser(const std::vector<std::unique_ptr<Command>>& commands)
    : state_(std::make_unique<State>()) {
    CLI::App& app = state_->app;
    app.set_help_flag();
    app.require_subcommand(0, 1);
    OptionSet own(app);
    own.flag("-h,--help", state_->help);
    own.flag("-V,--version", state_->version);
    for (const auto& command : commands) {
        CLI::App* verb = app.add_subcommand(command->name(), command->summary());
        verb->set_help_flag();
        OptionSet set(*verb);
        set.flag("-h,--help", state_->help);
        command->add_options(set);
        state_->verbs.emplace_back(command.get(), verb);
    }
}

Parser::~Parser() = default;

OptionSet Parser::root() { return OptionSet(state_->app); }

OptionSet Parser::verb(std::size_t index) { return OptionSet(*state_->verbs[index].second); }

Parsed Parser::parse(const std::vector<std::string>& arguments) {
    // CLI11 wants them backwards.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    Parsed parsed;
    std::string complaint;
    try {
        state_->app.parse(reversed);
    } catch (const CLI::ParseError& error) {
        complaint = one_line(error.what());
    }
    const CLI::App* used = state_->verb_used();
    for (const auto& [command, app] : state_->verbs) {
        if (app == used) {
            parsed.command = command;
        }
    }
    parsed.help = state_->help;
    parsed.version = state_->version;
    if (!complaint.empty() && parsed.command == nullptr && !arguments.empty() &&
        arguments.front()[0] != '-') {
        usage_error("there is no verb '" + arguments.front() + "'; `tidemark --help` lists them");
    }
    if (!complaint.empty() && !parsed.help) {
        const std::string verb =
            parsed.command != nullptr ? std::string(" ") + parsed.command->name() : "";
        usage_error(complaint + " (`tidemark" + verb + " --help` lists what there is)");
    }
    return parsed;
}

std::vector<std::string> Parser::long_options(std::string_view verb) const {
    const CLI::App* app = verb.empty() ? &state_->app : nullptr;
    for (const auto& [command, candidate] : state_->verbs) {
        if (verb == command->name()) {
            app = candidate;
        }
    }
    std::vector<std::string> names;
    if (app != nullptr) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                names.push_back("--" + name);
            }
        }
    }
    return names;
}

}  // namespace tidemark::cli
