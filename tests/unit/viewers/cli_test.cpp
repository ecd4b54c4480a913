// SPDX-License-Identifier: Apache-2.0
//
// The program as a script sees it: exit statuses, messages of one line, formats, files; against a segment made here.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "unit/viewers/fake_collector.hpp"
#include "unit/viewers/tool.hpp"
#include "viewers/cli/command.hpp"
#include "viewers/model/text.hpp"

using namespace tidemark;
using test::run_tidemark;
using Json = nlohmann::json;

namespace {

std::vector<std::string> with_instance(const test::FakeCollector& collector,
                                       std::vector<std::string> words) {
    words.insert(words.end(), {"--instance", collector.instance()});
    return words;
}

bool is_one_line(const std::string& text) {
    return text.starts_with("tidemark: ") && text.find('\n') == text.size() - 1;
}

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string content(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("a wrong command line ends with 2 and one line that says what is wrong") {
    const std::vector<std::pair<std::vector<std::string>, const char*>> wrong = {
        {{"--bogus"}, "--bogus"},
        {{"query", "--bogus"}, "tidemark query --help"},
        {{"frobnicate"}, "there is no verb 'frobnicate'"},
        {{"smi", "--device", "x"}, "--device takes"},
        {{"smi", "-p", "0"}, "--pid takes"},
        {{"smi", "-u", "nobody-of-that-name"}, "there is no user"},
        {{"smi", "-w0"}, "--watch takes"},
        {{"smi", "-r", "-5"}, "-r takes"},
        {{"smi", "-n", "0"}, "--count takes"},
        {{"smi", "--color", "pink"}, "--color takes"},
        {{"query", "--format", "xml"}, "has no format 'xml'"},
        {{"query", "--json", "--csv"}, "choose one"},
        {{"query", "--query", "colour"}, "there is no column 'colour'"},
        {{"buffers", "--sort", "beauty"}, "--sort takes"},
        {{"leaks", "-w"}, "shows one moment"},
        {{"serve", "-1"}, "until it is stopped"},
        {{"run"}, "needs a command"},
        {{"run", "--max-peak", "many", "--", "true"}, "--max-peak takes a size"},
        {{"run", "--error-exitcode", "300", "--", "true"}, "--error-exitcode takes"},
        {{"smi", "--", "ls"}, "takes no command"},
        {{"completion", "tcsh"}, "takes bash, zsh or fish"},
    };
    for (const auto& [words, message] : wrong) {
        const auto ran = run_tidemark(words);
        CAPTURE(ran.err);
        CHECK(ran.status == 2);
        CHECK(is_one_line(ran.err));
        CHECK(holds(ran.err, message));
        CHECK(ran.out.empty());
    }
}

TEST_CASE("without a collector every verb ends with 3 and names the command that starts one") {
    const std::string instance = "test-none-" + std::to_string(::getpid());
    for (const char* verb : {"smi", "query", "buffers", "leaks", "events"}) {
        const auto ran = run_tidemark({verb, "--instance", instance});
        CAPTURE(verb);
        CHECK(ran.status == 3);
        CHECK(is_one_line(ran.err));
        CHECK(holds(ran.err, "no collector runs for instance '" + instance + "'"));
        CHECK(holds(ran.err, "tidemarkd --background --instance " + instance));
    }
}

TEST_CASE("a segment that cannot be trusted or understood is refused with 3 and the reason") {
    test::FakeCollector collector("bad");
    collector.header().version_major = 9;
    auto ran = run_tidemark(with_instance(collector, {"query"}));
    CHECK(ran.status == 3);
    CHECK(is_one_line(ran.err));
    CHECK(holds(ran.err, "another major version"));
    collector.header().version_major = TIDEMARK_STATS_MAJOR;
    collector.header().magic = 1;
    ran = run_tidemark(with_instance(collector, {"query"}));
    CHECK(ran.status == 3);
    CHECK(holds(ran.err, "wrong magic"));
    CHECK(ran.out.empty());
}

TEST_CASE("an instance's name that is no name is a usage error") {
    CHECK(run_tidemark({"query", "--instance", "../etc/passwd"}).status == 2);
}

TEST_CASE("query prints JSON that parses, whole or line by line") {
    test::FakeCollector collector("json2");
    test::a_busy_machine(collector);
    const auto once = run_tidemark(with_instance(collector, {"query", "--json"}));
    CHECK(once.status == 0);
    CHECK(once.err.empty());
    CHECK(Json::parse(once.out)["devices"].size() == 3);
    const auto watched =
        run_tidemark(with_instance(collector, {"query", "-w", "-r", "1", "-n", "3"}));
    CHECK(watched.status == 0);
    CHECK(std::count(watched.out.begin(), watched.out.end(), '\n') == 3);
    std::istringstream lines(watched.out);
    std::string line;
    while (std::getline(lines, line)) {
        CHECK(Json::parse(line)["schema"] == 1);
    }
}

TEST_CASE("flags mean the same before and behind the verb, and with all of their spellings") {
    test::FakeCollector collector("flags");
    test::a_busy_machine(collector);
    const auto devices = [&](std::vector<std::string> words) {
        const auto ran = run_tidemark(with_instance(collector, std::move(words)));
        CAPTURE(ran.err);
        CHECK(ran.status == 0);
        return Json::parse(ran.out)["devices"].size();
    };
    CHECK(devices({"--json"}) == 3);
    CHECK(devices({"--json", "-d", "0,host", "smi"}) == 2);
    CHECK(devices({"query", "-d", "0", "-d", "1"}) == 2);
    CHECK(devices({"query", "-d", "all"}) == 3);
    CHECK(devices({"query", "--format", "json", "--device=1"}) == 1);
    CHECK(devices({"-d", "1", "query"}) == 1);
}

TEST_CASE("watching takes its value in every spelling and never eats the verb") {
    test::FakeCollector collector("watch");
    test::a_busy_machine(collector);
    for (const std::vector<std::string>& words : {std::vector<std::string>{"smi", "-w0.001", "-n2"},
                                                  {"smi", "-w", "0.001", "-n", "2"},
                                                  {"smi", "--watch=0.001", "--count=2"},
                                                  {"-w", "smi", "-r", "1", "-n", "2"},
                                                  {"-w", "-r1", "-n2"}}) {
        const auto ran = run_tidemark(with_instance(collector, words));
        CAPTURE(ran.err);
        CHECK(ran.status == 0);
        // Not a terminal: tables one after another, without a control character.
        CHECK(std::count(ran.out.begin(), ran.out.end(), '\x1b') == 0);
        CHECK(ran.out.find("Tidemark") != ran.out.rfind("Tidemark"));
    }
    const auto once = run_tidemark(with_instance(collector, {"smi", "-w", "-1"}));
    CHECK(once.out.find("Tidemark") == once.out.rfind("Tidemark"));
}

TEST_CASE("an interrupt ends watching in order") {
    test::FakeCollector collector("int");
    test::a_busy_machine(collector);
    const auto ran = test::run_tidemark_and_signal(
        with_instance(collector, {"query", "-w", "-r", "50"}), SIGINT);
    CHECK(ran.status == 0);
    CHECK(ran.out.back() == '\n');
}

TEST_CASE("colour is for terminals, or for those who insist") {
    test::FakeCollector collector("color");
    test::a_busy_machine(collector);
    CHECK_FALSE(holds(run_tidemark(with_instance(collector, {})).out, "\x1b"));
    const auto always =
        run_tidemark(with_instance(collector, {"--color", "always"}), {{"TERM", "xterm-256color"}});
    CHECK(holds(always.out, "\x1b["));
    CHECK_FALSE(holds(run_tidemark(with_instance(collector, {"--ascii"})).out, "│"));
    CHECK_FALSE(holds(run_tidemark(with_instance(collector, {}), {{"LANG", "C"}}).out, "│"));
}

TEST_CASE("a file is made, never overwritten unasked, and not left behind by a failure") {
    test::FakeCollector collector("file");
    test::a_busy_machine(collector);
    const std::string path = test::scratch_path("result.json");
    CHECK(run_tidemark(with_instance(collector, {"query", "-o", path})).status == 0);
    CHECK(Json::parse(content(path))["schema"] == 1);
    const auto again = run_tidemark(with_instance(collector, {"query", "-o", path}));
    CHECK(again.status == 2);
    CHECK(holds(again.err, "exists already"));
    CHECK(run_tidemark(with_instance(collector, {"query", "--csv", "-f", "-o", path})).status == 0);
    CHECK(content(path).starts_with("device,pool,"));
    ::unlink(path.c_str());
    CHECK(run_tidemark({"query", "-o", path, "--instance", "test-none"}).status == 3);
    CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("the log appends, with one header") {
    test::FakeCollector collector("logf");
    test::a_busy_machine(collector);
    const std::string path = test::scratch_path("log.csv");
    for (int i = 0; i < 2; ++i) {
        CHECK(run_tidemark(with_instance(collector, {"query", "--log", path, "-r", "1", "-n", "2"}))
                  .status == 0);
    }
    const std::string text = content(path);
    CHECK(text.starts_with("timestamp,device,dram,l1\n"));
    CHECK(text.find("timestamp", 1) == std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 9);
    ::unlink(path.c_str());
}

TEST_CASE("a stopped collector's last figures are shown, and the status says so") {
    test::FakeCollector collector("stop");
    test::a_busy_machine(collector);
    collector.header().state = TIDEMARK_COLLECTOR_STOPPED;
    const auto ran = run_tidemark(with_instance(collector, {"query"}));
    CHECK(ran.status == 3);
    CHECK(Json::parse(ran.out)["collector"]["state"] == "stopped");
    CHECK(holds(ran.err, "tidemark: collector stopped"));
}

TEST_CASE("one that died is told as one that stopped, and no sample of it is logged") {
    test::FakeCollector collector("dead");
    test::a_busy_machine(collector);
    ::close(collector.make_lock());
    collector.beat(12000);
    for (const std::vector<std::string>& verb : {std::vector<std::string>{"query", "--json"},
                                                 {"query", "--query", "device,pool,allocated"},
                                                 {"query", "--format", "proc"},
                                                 {"smi", "--csv"}}) {
        const auto ran = run_tidemark(with_instance(collector, verb));
        CHECK_MESSAGE(ran.status == 3, verb.back());
        CHECK_FALSE(ran.out.empty());
        CHECK(holds(ran.err,
                    "tidemark: collector died 12 s ago (pid 4321 is gone); these are its "
                    "last figures (`tidemarkd --background"));
    }
    CHECK(run_tidemark(with_instance(collector, {"smi"})).status == 3);
    const std::string path = test::scratch_path("dead.csv");
    const auto log = run_tidemark(with_instance(collector, {"query", "--log", path, "--once"}));
    CHECK(log.status == 3);
    CHECK(holds(log.err, "samples are left out"));
    CHECK(content(path).empty());
    ::unlink(path.c_str());
}

TEST_CASE("doctor says itself why a program ran untracked") {
    test::FakeCollector collector("untr");
    tidemark_collector_row row{};
    row.untracked_images = 1;
    collector.add(row);
    const auto ran = run_tidemark(with_instance(collector, {"doctor", "--json"}));
    CHECK(holds(ran.out, "1 program ran untracked: no ring could be had\""));
    CHECK(holds(ran.out, "when they started, shared memory was full"));
    CHECK(
        holds(run_tidemark(with_instance(collector, {"smi"})).out, "`tidemark doctor` looks why"));
}

TEST_CASE("one that stalls is told, and may come back") {
    test::FakeCollector collector("slow");
    test::a_busy_machine(collector);
    collector.beat(12000);
    const auto ran = run_tidemark(with_instance(collector, {"query", "--csv"}));
    CHECK(ran.status == 0);
    CHECK(holds(ran.err, "tidemark: collector stalled: no sign of life for 12 s (pid 4321)"));
}

TEST_CASE("buffers lists the largest first, cuts to the top, and says what it could not read") {
    test::FakeCollector collector("buf");
    test::a_busy_machine(collector);
    const auto ran = run_tidemark(with_instance(collector, {"buffers", "--json"}));
    CHECK(ran.status == 0);
    const Json document = Json::parse(ran.out);
    CHECK(document["buffers"].size() == 2);
    CHECK(document["buffers"][0]["size"] == std::uint64_t{10} << 30);
    CHECK(document["buffers"][0]["id"] == 64);
    CHECK(document["exact"] == false);
    CHECK(document["totals"][0]["count"] == 2);
    const auto top =
        run_tidemark(with_instance(collector, {"buffers", "--top", "1", "--sort", "id"}));
    CHECK(holds(top.out, "0x40"));
    CHECK_FALSE(holds(top.out, "0x80"));
    CHECK(holds(top.out, "and 1 more"));
    CHECK(holds(top.out, "not exact: pid 31337"));
}

TEST_CASE("leaks ends with 1 when a program left something, with 0 when none did") {
    test::FakeCollector collector("leak");
    test::a_busy_machine(collector);
    const auto ran = run_tidemark(with_instance(collector, {"leaks"}));
    CHECK(ran.status == 1);
    CHECK(holds(ran.out, "leaky"));
    CHECK(run_tidemark(with_instance(collector, {"leaks", "777"})).status == 1);
    const auto none = run_tidemark(with_instance(collector, {"leaks", "--pool", "DRAM"}));
    CHECK(none.status == 0);
    CHECK(holds(none.out, "no program that ended left anything"));
    const auto json = run_tidemark(with_instance(collector, {"leaks", "--json"}));
    CHECK(json.status == 1);
    CHECK(Json::parse(json.out)["leaks"].size() == 2);
}

TEST_CASE("leaks reads what run and the leak log wrote") {
    const std::string path = test::scratch_path("leaks.json");
    std::ofstream(path)
        << R"({"schema":1,"processes":[{"pid":5,"name":"app"}],)"
        << R"("leaks":[{"pid":5,"device":0,"pool":"L1","id":64,"size":2048,"age_ms":7}]})";
    auto ran = run_tidemark({"leaks", path});
    CHECK(ran.status == 1);
    CHECK(holds(ran.out, "app"));
    CHECK(holds(ran.out, "2.00 KB"));
    CHECK(run_tidemark({"leaks", path, "-d", "1"}).status == 0);
    std::ofstream(path)
        << R"({"op":"alloc","pid":6,"device":"host","pool":"SYSTEM_MEMORY","id":1,"size":3})"
        << '\n'
        << R"({"op":"leak","pid":6,"device":"host","pool":"SYSTEM_MEMORY","id":1,"size":3,"age_ms":2})"
        << '\n';
    ran = run_tidemark({"leaks", path, "--json"});
    CHECK(ran.status == 1);
    CHECK(Json::parse(ran.out)["leaks"].size() == 1);
    std::ofstream(path) << "hello\n";
    ran = run_tidemark({"leaks", path});
    CHECK(ran.status == 2);
    CHECK(is_one_line(ran.err));
    ::unlink(path.c_str());
    CHECK(run_tidemark({"leaks", "/nonexistent/file"}).status == 2);
    CHECK(run_tidemark({"leaks", "/tmp"}).status == 2);
}

TEST_CASE("doctor names each check and speaks JSON") {
    const auto ran = run_tidemark({"doctor", "--instance", "test-none", "--json"});
    CHECK(ran.status != 0);
    const Json document = Json::parse(ran.out);
    bool collector = false;
    for (const Json& check : document["checks"]) {
        CHECK((check["level"] == "ok" || check["todo"].is_string()));
        collector = collector || check["check"] == "collector";
    }
    CHECK(collector);
}

TEST_CASE("help fits a screen, ends with examples, and names exactly the options that there are") {
    cli::RawOptions raw;
    const auto commands = cli::make_commands();
    const auto parser = cli::make_parser(commands, raw);
    CHECK(holds(cli::overview(commands), "Examples:"));
    for (const auto& command : commands) {
        const std::string help = command->help();
        CAPTURE(command->name());
        CHECK(std::count(help.begin(), help.end(), '\n') <= 24);
        CHECK(holds(help, "Examples:\n"));
        std::istringstream lines(help);
        std::string line;
        while (std::getline(lines, line)) {
            CAPTURE(line);
            CHECK(model::columns_of(line) <= 80);
        }
        CHECK(holds(cli::overview(commands), std::string("  ") + command->name() + " "));
        const auto known = parser->long_options(command->name());
        std::istringstream words(help.substr(0, help.find("Examples:")));
        std::string word;
        while (std::getline(words, word, ' ')) {
            const auto at = word.find("--");
            const auto end = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-",
                                                    at == std::string::npos ? 0 : at + 2);
            const std::string name =
                at == 0 || at == 1 ? word.substr(at, end == std::string::npos ? end : end - at)
                                   : "";
            if (name.size() > 2 && name != "--background") {
                CAPTURE(name);
                CHECK(std::find(known.begin(), known.end(), name) != known.end());
            }
        }
    }
    CHECK(run_tidemark({"--help"}).status == 0);
    CHECK(run_tidemark({"query", "--help"}).status == 0);
    CHECK(run_tidemark({"--version"}).out == "tidemark " TIDEMARK_PROJECT_VERSION "\n");
}

TEST_CASE("completions know every verb") {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const auto ran = run_tidemark({"completion", shell});
        CHECK(ran.status == 0);
        CHECK(holds(ran.out, "buffers"));
        CHECK(holds(ran.out, "--max-peak"));
    }
}

TEST_CASE("a command line is cut at its first --, and what follows is left alone") {
    const char* argv[] = {"tidemark", "run", "-f", "--", "ls", "--", "-l", "--json"};
    const auto split = cli::split_arguments(8, argv);
    CHECK(split.has_separator);
    CHECK(split.own == std::vector<std::string>{"run", "-f"});
    CHECK(split.command == std::vector<std::string>{"ls", "--", "-l", "--json"});
    CHECK_FALSE(cli::split_arguments(3, argv).has_separator);
}
