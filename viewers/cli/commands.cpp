// SPDX-License-Identifier: Apache-2.0
//
// The one list of verbs, and what happens between the command line and a verb's run().
#include <fcntl.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <exception>

#include "viewers/cli/links.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/verbs.hpp"

namespace tidemark::cli {
namespace {

constexpr const char* kOverview = R"(Usage: tidemark [VERB] [options]

Live memory telemetry: what programs allocate on accelerators and the host.

)";

constexpr const char* kOverviewEnd = R"(
Every verb takes the same filters (-d, -p, -u, --pool), formats (--json, --csv)
and -w to watch; `tidemark VERB --help` lists them. `tidemarkd --background`
starts the collector.

Examples:
  tidemark                          the table, once
  tidemark -w2 -d 0                 every two seconds, of device 0
  tidemark run -- python3 app.py    what a program allocates; needs no collector
)";

// A standard stream that our caller closed must not become one of our own files. What stands in for it cannot be used
// either, and is closed again in every program that we start.
void fill_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) < 0) {
            ::open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
        }
    }
}

// What a verb must not do half-way is decided before it starts.
int execute(const std::vector<std::unique_ptr<Command>>& commands, RawOptions& raw, Parser& parser,
            const SplitArguments& arguments) {
    const Parsed parsed = parser.parse(arguments.own);
    Command* command = parsed.command != nullptr ? parsed.command : commands.front().get();
    if (parsed.version) {
        Output::open({}, false).write("tidemark " TIDEMARK_PROJECT_VERSION "\n");
        return kOk;
    }
    if (parsed.help) {
        Output::open({}, false).write(parsed.command != nullptr ? command->help()
                                                                : overview(commands));
        return kOk;
    }
    if (arguments.has_separator && std::string_view(command->name()) != "run") {
        usage_error(std::string("`") + command->name() +
                    "` takes no command after --; `tidemark run -- CMD` does");
    }
    const std::string own = commands.front()->own_option();
    if (command != commands.front().get() && !own.empty()) {
        usage_error(own + " stands before `" + command->name() +
                    "`, which does not take it there (`tidemark " + command->name() + " --help`)");
    }
    const Options options = check(raw);
    return command->run({options, arguments.command, arguments.has_separator});
}

}  // namespace

std::vector<std::unique_ptr<Command>> make_commands() {
    std::vector<std::unique_ptr<Command>> commands;
    commands.push_back(make_smi());
    commands.push_back(make_top());
    commands.push_back(make_query());
    commands.push_back(make_monitor());
    commands.push_back(make_buffers());
    commands.push_back(make_leaks());
    commands.push_back(make_events());
    commands.push_back(make_run());
    commands.push_back(make_serve());
    commands.push_back(make_doctor());
    commands.push_back(make_bench());
    commands.push_back(make_completion());
    return commands;
}

std::unique_ptr<Parser> make_parser(const std::vector<std::unique_ptr<Command>>& commands,
                                    RawOptions& raw) {
    auto parser = std::make_unique<Parser>(commands);
    OptionSet root = parser->root();
    raw.add_to(root);
    commands.front()->add_options(root);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        OptionSet verb = parser->verb(i);
        raw.add_to(verb);
    }
    return parser;
}

std::string overview(const std::vector<std::unique_ptr<Command>>& commands) {
    std::string text = kOverview;
    for (const auto& command : commands) {
        std::string name = command->name();
        name.resize(12, ' ');
        text += "  " + name + command->summary() + '\n';
    }
    return text + kOverviewEnd;
}

int run_main(int argc, const char* const* argv) {
    fill_standard_streams();
    std::setlocale(LC_CTYPE, "C.UTF-8");  // for the width of characters; formats stay those of C
    try {
        RawOptions raw;
        const auto commands = make_commands();
        const auto parser = make_parser(commands, raw);
        SplitArguments arguments = split_arguments(argc, argv);
        const std::string verb = verb_of_program(argc > 0 ? argv[0] : "");
        if (!verb.empty()) {
            arguments.own.insert(arguments.own.begin(), verb);
        }
        return execute(commands, raw, *parser, arguments);
    } catch (const Failure& failure) {
        std::fprintf(stderr, "tidemark: %s\n", failure.what());
        return failure.status();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tidemark: failed: %s; please report this with the command line\n",
                     error.what());
        return kUnavailable;
    }
}

}  // namespace tidemark::cli
