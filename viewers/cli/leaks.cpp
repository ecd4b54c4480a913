// SPDX-License-Identifier: Apache-2.0
//
// `tidemark leaks`: what programs left when they ended, what grows while they run; from the collector, or from a file
// that `run` or the leak log wrote.
#include <unistd.h>
#include <algorithm>

#include "viewers/cli/buffer_text.hpp"
#include "viewers/cli/leak_view.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/cli/watch.hpp"
#include "viewers/model/leak_file.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/units.hpp"
#include "viewers/symbols/symbols.hpp"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kShownAsText = 10;

class Leaks final : public Command {
public:
    const char* name() const override { return "leaks"; }
    const char* summary() const override { return "what exited programs left, what grows now"; }
    const char* help() const override {
        return R"(Usage: tidemark leaks [PID | FILE] [options]

What programs had allocated when they ended (the collector keeps them for 60 s),
which pools only grew lately (never falling by more than a quarter of the rise),
and what running programs hold. PID: one process.
FILE: what `tidemark run --json -o FILE` or the collector's leak log wrote.

  --top N                 so many of each kind as text (10); 0: all
  --by-site               grouped by call site instead of one by one
  --suppressions FILE     without the leaks that lines leak:PATTERN match
  -d, --device 0,2|all    -p, --pid PID    -u, --user NAME    --pool POOL
  --format FORMAT         table, json, csv; --json; --csv; --noheader; --nounits
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii
  --instance NAME         another collector's; --trust-uid UID

Exit status: 1 if a program that ended left something; 0 if none did; 2 for a
wrong command line; 3 without a collector.

Examples:
  tidemark leaks --pool DRAM
  tidemark leaks 1234
  tidemark run --json -o run.json -- ./app; tidemark leaks run.json --top 3
)";
    }
    void add_options(OptionSet& set) override {
        set.positional("target", target_);
        set.text("--top", top_);
        set.text("--suppressions", suppressions_);
        set.flag("--by-site", by_site_);
    }
    int run(const Invocation& invocation) override;

private:
    std::optional<std::string> target_, top_, suppressions_;
    bool by_site_ = false;
};

// What is suppressed is no finding.
void suppress(const symbols::Suppressions& suppressions, LeakFindings& findings) {
    findings.suppressed = symbols::suppress(suppressions, findings.leaks);
    for (const symbols::SuppressedPool& pool : findings.suppressed.pools) {
        for (Holding& holding : findings.left) {
            const bool same_image = holding.image == 0 || holding.image == pool.image;
            if (same_image && holding.pid == pool.pid && holding.device == pool.device &&
                holding.pool_name == pool.pool_name) {
                holding.count -= std::min(holding.count, pool.count);
                holding.bytes -= std::min(holding.bytes, pool.bytes);
            }
        }
    }
    std::erase_if(findings.left, [](const Holding& holding) { return holding.count == 0; });
    findings.left = model::largest_first(std::move(findings.left));
}

LeakFindings findings_of_collector(const Options& options) {
    auto source = open_source(options);
    model::Snapshot snapshot = source.read();
    model::apply(options.filter, snapshot);
    LeakFindings findings;
    findings.left = model::holdings_of(snapshot, true);
    findings.leaks = model::read_buffers(snapshot, model::Which::kExited, options.filter);
    findings.running = model::holdings_of(snapshot, false);
    model::add_oldest(findings.running,
                      model::read_buffers(snapshot, model::Which::kRunning, options.filter));
    findings.growing = model::find_growth(source.reader(), snapshot.time_unix_ns).growing;
    std::erase_if(findings.growing, [&](const model::Growth& growth) {
        return !options.filter.wants_device(growth.device) ||
               !options.filter.wants_pool(growth.pool_name);
    });
    return findings;
}

LeakFindings findings_of_file(const std::string& path, const Options& options) {
    std::string error;
    auto file = model::read_leak_file(path, error);
    if (!file) {
        usage_error("cannot read leaks from " + path + ": " + error +
                    "; give a file of `tidemark run --json -o` or of the leak log");
    }
    std::erase_if(file->leaks.buffers, [&](const model::Buffer& leak) {
        const auto& pids = options.filter.pids;
        const bool pid_wanted = pids.empty() || (leak.pid && std::find(pids.begin(), pids.end(),
                                                                       *leak.pid) != pids.end());
        return !pid_wanted || !options.filter.wants_device(leak.device) ||
               !options.filter.wants_pool(file->leaks.pool_name(leak));
    });
    LeakFindings findings;
    for (const BufferTotal& total : totals_of(file->leaks, true)) {
        const std::string name = total.pid ? file->names[*total.pid] : std::string();
        findings.left.push_back({total.pid,
                                 name,
                                 0,
                                 {},
                                 total.device,
                                 total.pool_name,
                                 total.count,
                                 total.bytes,
                                 true,
                                 {}});
    }
    findings.left = model::largest_first(std::move(findings.left));
    findings.leaks = std::move(file->leaks);
    return findings;
}

int Leaks::run(const Invocation& invocation) {
    Options options = invocation.options;
    refuse_watching(options, "leaks");
    const std::string format = require_format(options, "leaks", "table", {"table", "json", "csv"});
    const bool table = format == "table";
    const std::uint64_t top = top_ ? whole_value("--top", *top_) : table ? kShownAsText : 0;
    const auto pid = target_ ? model::parse_unsigned(*target_) : std::nullopt;
    const bool is_file = target_ && (!pid || access(target_->c_str(), F_OK) == 0);
    if (pid && !is_file) {
        options.filter.pids = {static_cast<std::int32_t>(*pid)};
    }
    const auto suppressions = read_suppressions(suppressions_);
    LeakFindings findings =
        is_file ? findings_of_file(*target_, options) : findings_of_collector(options);
    findings.by_site = by_site_;
    if (suppressions) {
        suppress(*suppressions, findings);
    }
    const bool found = !findings.left.empty() || !findings.leaks.buffers.empty();
    // As text, sections say themselves how many more there are.
    model::order(findings.leaks, model::BufferOrder::kSize, table ? 0 : top);
    if (format != "csv") {
        symbols::name_stacks(findings.leaks);
    }
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    if (table) {
        const Figures figures(options.units, terminal.ascii());
        output.write(
            render(leak_lines(findings, figures, top, terminal.size().columns, terminal.ascii()),
                   terminal));
    } else if (format == "csv") {
        output.write(buffer_csv(findings.leaks, options.header, options.units));
    } else {
        write_leak_json(findings, [&](const std::string& piece) { output.write(piece); });
    }
    return found ? kFindings : kOk;
}

}  // namespace

std::unique_ptr<Command> make_leaks() { return std::make_unique<Leaks>(); }

}  // namespace tidemark::cli
