// SPDX-License-Identifier: Apache-2.0
//
// `tidemark top`: the full-screen dashboard. What it shows is viewers/tui's; here are its flags.
#include <unistd.h>

#include "viewers/cli/machine.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/terminal.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/tui/loop.hpp"

namespace tidemark::cli {
namespace {

class Top final : public Command {
public:
    const char* name() const override { return "top"; }
    const char* summary() const override { return "full-screen dashboard: devices and processes"; }
    const char* help() const override {
        return R"(Usage: tidemark top [options]

Shows devices and processes on the whole screen, and what changes: pools with
bars, peaks, rates and the last minute; processes to sort, filter, open; leak
suspects. `?` lists the keys. Needs a terminal of 60 x 12 at least.

  -d, --device 0,2|all    -p, --pid PID    -u, --user NAME    --pool POOL
  -r, --refresh MS        look so often (1000); -w, --watch=SECONDS as well
  -n, --count N           end after so many looks
  --readonly              no signals can be sent (F9)
  --sensor 0=nvidia:0     --sysfs-root DIR: names and sensors, as in `smi`
  --color WHEN            auto, always, never; --ascii: no block characters
  --instance NAME         another collector's; --trust-uid UID: of that user

Columns, order and tree are kept in $XDG_CONFIG_HOME/tidemark/top.json.
Exit status: 0; 2 for a wrong command line; 3 without a usable terminal.

Examples:
  tidemark top
  tidemark top -d 0 -r 200 --readonly
)";
    }
    void add_options(OptionSet& set) override {
        set.flag("--readonly", readonly_);
        sensors_.add_to(set);
    }
    int run(const Invocation& invocation) override;

private:
    bool readonly_ = false;
    SensorOptions sensors_;
};

int Top::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    require_format(options, "top", "screen", {"screen"});
    if (options.output) {
        usage_error(
            "`top` draws on a terminal: leave out --output (`tidemark query` writes files)");
    }
    if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
        unavailable(
            "`top` needs a terminal for its keys and its screen; `tidemark` prints the table once, "
            "`tidemark query` is for scripts");
    }
    find_source(options);  // what can't be trusted or understood is told before the screen is taken
    const Terminal terminal(STDOUT_FILENO, options.color, options.ascii);
    tui::TopOptions top;
    top.feed = {options.source, options.filter, instance_wanted(options),
                checked_root(sensors_.sysfs_root), parse_assignment(sensors_.assigned)};
    top.colour = terminal.colour();
    top.ascii = terminal.ascii();
    top.readonly = readonly_;
    top.interval_ms = options.refresh_ms;
    top.count = options.count;
    if (const std::string problem = tui::run_top(top); !problem.empty()) {
        unavailable("`top` cannot draw: " + problem +
                    "; set TERM to what the terminal is, or use `tidemark`, `tidemark query`");
    }
    return kOk;
}

}  // namespace

std::unique_ptr<Command> make_top() { return std::make_unique<Top>(); }

}  // namespace tidemark::cli
