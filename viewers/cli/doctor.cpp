// SPDX-License-Identifier: Apache-2.0
//
// `tidemark doctor`: asks everything that must be in order, says what to do about what is not, and cleans up.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "viewers/cli/control_client.hpp"
#include "viewers/cli/doctor_check.hpp"
#include "viewers/cli/doctor_objects.hpp"
#include "viewers/cli/grid.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/stats_source.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

constexpr std::int64_t kCleanMs = 30000;
constexpr std::size_t kNameColumns = 16;

class Doctor final : public Command {
public:
    const char* name() const override { return "doctor"; }
    const char* summary() const override {
        return "is everything in order? --fix removes what is stale";
    }
    const char* help() const override {
        return R"(Usage: tidemark doctor [options]

Checks shared memory, limits, the clock, the installation, the collector, and
Tidemark's objects in /dev/shm. Each line is ok, a warning or a problem.

  --fix                   removes objects that nobody uses: abandoned ones,
                          those of private instances whose collector is gone,
                          and rings of ended programs that no collector took for
                          a minute. --instance NAME: those of that one too
  --json                  as JSON (--format json)
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii
  --instance NAME         look at this collector; --trust-uid UID

Exit status: 0 all is well, 1 warnings, 2 wrong command line, 3 problems.

Examples:
  tidemark doctor
  tidemark doctor --fix
)";
    }
    void add_options(OptionSet& set) override { set.flag("--fix", fix_); }
    int run(const Invocation& invocation) override;

private:
    std::vector<std::string> fix(const Options& options) const;

    bool fix_ = false;
};

// Through the collector, which knows best what it uses; what belongs to no living collector is removed directly.
std::vector<std::string> Doctor::fix(const Options& options) const {
    std::vector<std::string> removed;
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options.source, error);
    if (source && source->read().collector.state == model::CollectorState::kRunning) {
        std::string reason;
        const auto answer = ask(std::string(source->reader().control_socket()),
                                {{"command", "clean"}}, kCleanMs, reason);
        if (answer && answer->contains("removed") && (*answer)["removed"].is_array()) {
            for (const auto& name : (*answer)["removed"]) {
                removed.push_back(name.is_string() ? name.get<std::string>() : name.dump());
            }
        }
    }
    const auto objects = list_objects(model::kShmDirectory);
    const auto stale = stale_objects(objects, options.source.instance.value_or(""), true);
    const auto direct = remove_objects(model::kShmDirectory, stale);
    removed.insert(removed.end(), direct.begin(), direct.end());
    return removed;
}

std::vector<Line> text_of(const std::vector<Check>& checks, const std::vector<std::string>& removed,
                          bool ascii, std::size_t width) {
    std::vector<Line> lines;
    lines.reserve(removed.size() + checks.size());
    for (const std::string& name : removed) {
        lines.push_back({{"removed  ", Style::kAccent}, {model::printable(name)}});
    }
    for (const Check& check : checks) {
        const Style style = check.level == Level::kOk        ? Style::kGood
                            : check.level == Level::kWarning ? Style::kWarning
                                                             : Style::kBad;
        std::string word = level_word(check.level);
        word.resize(9, ' ');
        std::string name = check.name;
        name.resize(std::max(name.size() + 1, kNameColumns), ' ');
        const std::size_t indent = 9 + kNameColumns;
        bool first = true;
        for (const std::string& text :
             wrapped(model::printable(check.text), std::max<std::size_t>(width, 60) - indent)) {
            lines.push_back(first ? Line{{word, style}, {name, Style::kBold}, {text}}
                                  : Line{{std::string(indent, ' ')}, {text}});
            first = false;
        }
        if (!check.todo.empty()) {
            lines.push_back({{std::string(indent, ' ')},
                             {ascii ? "-> " : "→ ", style},
                             {model::printable(check.todo)}});
        }
    }
    return lines;
}

std::string json_of(const std::vector<Check>& checks, const std::vector<std::string>& removed) {
    nlohmann::ordered_json document;
    document["schema"] = model::kJsonSchema;
    document["checks"] = nlohmann::ordered_json::array();
    for (const Check& check : checks) {
        document["checks"].push_back(
            {{"check", check.name},
             {"level", level_word(check.level)},
             {"text", check.text},
             {"todo", check.todo.empty() ? nlohmann::ordered_json(nullptr)
                                         : nlohmann::ordered_json(check.todo)}});
    }
    document["removed"] = removed;
    return model::dump(document, 2) + '\n';
}

int Doctor::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    refuse_watching(options, "doctor");
    const bool json = require_format(options, "doctor", "text", {"text", "json"}) == "json";
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    const std::vector<std::string> removed = fix_ ? fix(options) : std::vector<std::string>{};
    std::vector<Check> checks = check_system();
    const auto add = [&](const std::vector<Check>& more) {
        checks.insert(checks.end(), more.begin(), more.end());
    };
    add(check_collector(options));
    add(check_objects(list_objects(model::kShmDirectory)));
    output.write(json ? json_of(checks, removed)
                      : render(text_of(checks, removed, terminal.ascii(), terminal.size().columns),
                               terminal));
    const auto worst =
        std::max_element(checks.begin(), checks.end(),
                         [](const Check& a, const Check& b) { return a.level < b.level; });
    return worst->level == Level::kOk        ? kOk
           : worst->level == Level::kWarning ? kFindings
                                             : kUnavailable;
}

}  // namespace

std::unique_ptr<Command> make_doctor() { return std::make_unique<Doctor>(); }

}  // namespace tidemark::cli
