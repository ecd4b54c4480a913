// SPDX-License-Identifier: Apache-2.0
//
// `tidemark run`: options, the file for the report, limits and the exit status around tracked_run().
#include "tidemark/account_abi.h"
#include "viewers/cli/buffer_text.hpp"
#include "viewers/cli/call_site_view.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/replaced_file.hpp"
#include "viewers/cli/run_metrics.hpp"
#include "viewers/cli/run_report.hpp"
#include "viewers/cli/tracked_run.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/symbols/symbols.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace tidemark::cli {
namespace {

constexpr double kLongestWaitSeconds = 86400;
constexpr std::size_t kShownAsText = 5;
constexpr std::uint64_t kUsualFrames = 16;

class RunCommand final : public Command {
public:
    const char* name() const override { return "run"; }
    const char* summary() const override {
        return "track a command and its children, report at exit";
    }
    const char* help() const override {
        return R"(Usage: tidemark run [options] -- COMMAND [ARGUMENT...]

Runs COMMAND under the malloc tracker with a collector of its own, and reports
on standard error what it and its children allocated, at most held, and left.

  --json                  the report as JSON; -q, --quiet: no text
  -o, --output FILE       into a new file (-: standard output); -f: overwrite
  --metrics-file F.prom   the last figures for node_exporter's textfile folder
  --max-peak SIZE         fail if a device's pool held more (over all processes)
  --max-leak SIZE         fail if more was left in it; --error-exitcode N
  -d, --device 0,2|all    --pool POOL: only these. --pool SYSTEM_MEMORY makes
                          limits count host memory, often left on purpose
  --stacks[=N]            record call sites, N frames each (16, at most 32)
  --suppressions FILE     leaves out leaks of lines leak:PATTERN; records sites
  --wait SECONDS          for processes that COMMAND leaves running (5)
  --top N                 rows of programs and of leaks in the text (5); 0: all
  --nounits               --color WHEN    --ascii

Exit status: COMMAND's (128+N for signal N; 126, 127 as a shell). If that is 0:
1 (or N) if a limit was exceeded, 3 if one was asked but nothing was tracked.

Examples:
  tidemark run -- python3 app.py
  tidemark run --json -o run.json --max-leak 1M --pool SYSTEM_MEMORY -- ./tests
)";
    }
    void add_options(OptionSet& set) override {
        set.text("--max-peak", max_peak_);
        set.text("--max-leak", max_leak_);
        set.text("--error-exitcode", error_exitcode_);
        set.text("--metrics-file", metrics_file_);
        set.text("--wait", wait_);
        set.text("--top", top_);
        set.text("--suppressions", suppressions_);
        set.optional_value("--stacks", stacks_, frames_);
        set.flag("-q,--quiet", quiet_);
    }
    int run(const Invocation& invocation) override;

private:
    Limits limits() const;
    int error_exitcode() const;
    std::uint64_t wait_ms() const;
    std::uint32_t frames() const;
    void report(const RunResult& result, const std::vector<PoolResult>& pools,
                const std::vector<std::string>& exceeded, const Options& options,
                Output& output) const;

    std::optional<std::string> max_peak_, max_leak_, error_exitcode_, wait_, top_;
    std::optional<std::string> suppressions_, frames_, metrics_file_;
    bool stacks_ = false;
    bool quiet_ = false;
};

Limits RunCommand::limits() const {
    Limits limits;
    if (max_peak_) {
        limits.peak = size_value("--max-peak", *max_peak_);
    }
    if (max_leak_) {
        limits.leak = size_value("--max-leak", *max_leak_);
    }
    return limits;
}

int RunCommand::error_exitcode() const {
    const std::uint64_t code =
        error_exitcode_ ? whole_value("--error-exitcode", *error_exitcode_) : kFindings;
    if (code > 255) {
        usage_error("--error-exitcode takes 0 to 255, not '" + *error_exitcode_ + "'");
    }
    return static_cast<int>(code);
}

std::uint64_t RunCommand::wait_ms() const {
    if (!wait_) {
        return 5000;
    }
    char* end = nullptr;
    const double seconds = std::strtod(wait_->c_str(), &end);
    if (end == wait_->c_str() || *end != '\0' ||
        !(seconds >= 0 && seconds <= kLongestWaitSeconds)) {
        usage_error("--wait takes seconds (0 to 86400), not '" + *wait_ + "'");
    }
    return static_cast<std::uint64_t>(std::lround(seconds * 1000));
}

std::uint32_t RunCommand::frames() const {
    const std::uint64_t frames = frames_ ? whole_value("--stacks", *frames_) : kUsualFrames;
    if (frames == 0 || frames > TIDEMARK_ACCOUNT_MAX_FRAMES) {
        usage_error("--stacks takes 1 to 32 frames, not '" + *frames_ + "'");
    }
    return stacks_ || suppressions_ ? static_cast<std::uint32_t>(frames) : 0;
}

void filter_result(const model::Filter& filter, RunResult& result) {
    if (result.snapshot) {
        model::apply(filter, *result.snapshot);
    }
    std::erase_if(result.leaks.buffers, [&](const model::Buffer& leak) {
        return !filter.wants_device(leak.device) ||
               !filter.wants_pool(result.leaks.pool_name(leak));
    });
}

// What an earlier run said there would be taken for this one's. The failure itself is what matters most.
void tell_failure(const std::string& path, const std::string& metrics) {
    try {
        replace_file(path, metrics, true);
    } catch (const Failure& failure) {
        std::fprintf(stderr, "tidemark: %s\n", failure.what());
    }
}

bool names_host_memory(const model::Filter& filter) {
    return !filter.pools.empty() && filter.wants_pool("SYSTEM_MEMORY");
}

void RunCommand::report(const RunResult& result, const std::vector<PoolResult>& pools,
                        const std::vector<std::string>& exceeded, const Options& options,
                        Output& output) const {
    const Terminal terminal(STDERR_FILENO, options.color, options.ascii);
    Output error = Output::standard_error();
    const bool json = options.format == "json";
    if (json) {
        Output& to = options.output ? output : error;
        write_run_json(result, exceeded, [&](const std::string& piece) { to.write(piece); });
    }
    ReportLook look{terminal.size().columns, options.units, kShownAsText};
    if (top_) {
        look.top = whole_value("--top", *top_);
    }
    const bool text_to_file = options.output && !json;
    if (text_to_file) {
        const Terminal plain(output.fd(), options.color, options.ascii);
        output.write(run_report(result, pools, exceeded, look, plain));
    } else if (!quiet_ && !(json && !options.output)) {
        // On a terminal the command may have ended anywhere in a line, as after an echoed ^C.
        error.write((terminal.interactive() ? "\n" : "") +
                    run_report(result, pools, exceeded, look, terminal));
    }
}

int RunCommand::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    if (invocation.command.empty()) {
        usage_error("`run` needs a command: tidemark run -- COMMAND [ARGUMENT...]");
    }
    refuse_watching(options, "run");
    require_format(options, "run", "table", {"table", "json"});
    if (options.source.instance) {
        usage_error("`run` makes its own instance: leave out --instance");
    }
    const Limits wanted = limits();
    const int error_code = error_exitcode();
    const RunPlan plan{invocation.command, wait_ms(), frames()};
    const auto suppressions = read_suppressions(suppressions_);
    if (top_) {
        whole_value("--top", *top_);
    }
    const std::string label = metrics_file_ ? run_label(*metrics_file_) : "";
    Output output = Output::open(options);
    RunResult result;
    try {
        result = tracked_run(plan, Terminal(STDERR_FILENO, options.color, options.ascii));
    } catch (const Failure& failure) {
        output.discard();
        if (metrics_file_) {
            tell_failure(*metrics_file_, failed_run_metrics(failure.status(), label));
        }
        throw;
    }
    filter_result(options.filter, result);
    if (suppressions) {
        result.suppressed = symbols::suppress(*suppressions, result.leaks);
    }
    symbols::name_stacks(result.leaks);
    const bool host_limited = names_host_memory(options.filter);
    auto pools =
        result.snapshot ? pool_results(*result.snapshot, host_limited) : std::vector<PoolResult>{};
    leave_out(result.suppressed, pools);
    const std::vector<std::string> over = exceeded(pools, wanted);
    const int status = final_status(result, wanted, !over.empty(), error_code);
    try {
        report(result, pools, over, options, output);
        if (metrics_file_) {
            replace_file(*metrics_file_, run_metrics(result, pools, over.size(), label), true);
        }
    } catch (const Failure& failure) {
        // The command did what it did. Only a file that somebody waits for turns a success into a failure.
        std::fprintf(stderr, "tidemark: %s\n", failure.what());
        return status == kOk && (options.output || metrics_file_) ? failure.status() : status;
    }
    return status;
}

}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<RunCommand>(); }

}  // namespace tidemark::cli
