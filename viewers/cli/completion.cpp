// SPDX-License-Identifier: Apache-2.0
//
// `tidemark completion SHELL`: a script that completes verbs and long options; made from the parser itself, so it
// can't know less or more than the program does.
#include <functional>

#include "viewers/cli/output.hpp"
#include "viewers/cli/verbs.hpp"

namespace tidemark::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

struct Words {
    std::vector<std::string> verbs;
    std::vector<std::pair<std::string, std::string>> options;  // by verb; the empty one is the root
};

Words words() {
    const auto commands = make_commands();
    RawOptions raw;
    const auto parser = make_parser(commands, raw);
    Words all;
    all.options.emplace_back("", joined(parser->long_options("")));
    for (const auto& command : commands) {
        all.verbs.emplace_back(command->name());
        all.options.emplace_back(command->name(), joined(parser->long_options(command->name())));
    }
    return all;
}

// Also zsh's, through bashcompinit. What follows "--" is another program's business.
std::string bash_script(const Words& words) {
    std::string text =
        "_tidemark() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} verb= i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        [[ ${COMP_WORDS[i]} == -- ]] && { COMPREPLY=($(compgen -c -f -- \"$word\")); "
        "return; }\n"
        "        [[ -z $verb && ${COMP_WORDS[i]} != -* ]] && verb=${COMP_WORDS[i]}\n"
        "    done\n"
        "    case $verb in\n";
    for (const auto& [verb, options] : words.options) {
        const std::string more = verb.empty() ? joined(words.verbs) + " " : "";
        text += "        " + (verb.empty() ? std::string("''") : verb) +
                ") COMPREPLY=($(compgen -W \"" + more + options + "\" -- \"$word\")) ;;\n";
    }
    return text +
           "    esac\n"
           "    [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "}\n"
           "complete -F _tidemark tidemark\n";
}

std::string fish_script(const Words& words) {
    std::string text =
        "complete -c tidemark -n __fish_use_subcommand -f -a '" + joined(words.verbs) + "'\n";
    for (const auto& [verb, options] : words.options) {
        const std::string when =
            verb.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + verb;
        text += "complete -c tidemark -n '" + when + "' -a '" + options + "'\n";
    }
    return text;
}

class Completion final : public Command {
public:
    const char* name() const override { return "completion"; }
    const char* summary() const override { return "completions for bash, zsh or fish"; }
    const char* help() const override {
        return R"(Usage: tidemark completion bash|zsh|fish [-o FILE]

Prints a script that completes verbs and options in that shell.

  -o, --output FILE       into a new file; -f, --force: overwrite it

Examples:
  source <(tidemark completion bash)
  tidemark completion fish -o ~/.config/fish/completions/tidemark.fish
)";
    }
    void add_options(OptionSet& set) override { set.positional("shell", shell_); }

    int run(const Invocation& invocation) override {
        const std::string shell = shell_.value_or("");
        if (shell != "bash" && shell != "zsh" && shell != "fish") {
            usage_error("`completion` takes bash, zsh or fish" +
                        (shell.empty() ? "" : ", not '" + shell + "'"));
        }
        Output output = Output::open(invocation.options);
        const std::string zsh =
            "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n";
        output.write(shell == "fish" ? fish_script(words())
                                     : (shell == "zsh" ? zsh : "") + bash_script(words()));
        return kOk;
    }

private:
    std::optional<std::string> shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion() { return std::make_unique<Completion>(); }

}  // namespace tidemark::cli
