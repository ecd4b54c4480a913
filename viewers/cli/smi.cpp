// SPDX-License-Identifier: Apache-2.0
//
// `tidemark smi`: the table of devices, pools and programs, once or again and again. What it looks like stands in
// smi_view.cpp; the other formats are those of `tidemark query`. Without a collector it shows what the sensors say.
#include "viewers/cli/machine.hpp"
#include "viewers/cli/query_text.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/smi_view.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/cli/watch.hpp"

namespace tidemark::cli {
namespace {

class Smi final : public Command {
public:
    const char* name() const override { return "smi"; }
    const char* summary() const override {
        return "the table of devices, sensors and programs (the default)";
    }
    const char* help() const override {
        return R"(Usage: tidemark [smi] [options]

Shows devices with their sensors, memories and pools, the programs that use
them, and whether anything was lost. Unknown figures are N/A.

  --compare-kernel        who holds a card open without being tracked
  --sensor 0=nvidia:0     device 0 is that card; 1=tenstorrent:2; 2=none
  --sysfs-root DIR        read sensors below DIR instead of / (for tests)
  -w, --watch[=SECONDS]   again and again, in place on a terminal
  -r, --refresh MS        so often; -n, --count N: so many times; -1, --once
  -d, --device 0,2|all    these devices; host is the host
  -p, --pid PID           -u, --user NAME    --pool POOL
  --format FORMAT         table, json, csv or proc; --json; --csv
  --nounits, --noheader   bare numbers; no titles
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii: no box characters
  --instance NAME         another collector's; --trust-uid UID: of that user

Examples:
  tidemark
  tidemark -w2 -d 0
  tidemark --json | jq .devices
)";
    }
    void add_options(OptionSet& set) override {
        set.flag("--compare-kernel", compare_kernel_);
        sensors_.add_to(set);
    }
    std::string own_option() const override {
        return compare_kernel_ ? "--compare-kernel" : sensors_.given() ? "--sensor" : "";
    }

    int run(const Invocation& invocation) override;

private:
    bool compare_kernel_ = false;
    SensorOptions sensors_;
};

int Smi::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    const std::string format =
        require_format(options, "smi", "table", {"table", "json", "csv", "proc"});
    const bool table = format == "table";
    Machine machine(options, sensors_);
    if (!machine.has_figures() && !table && format != "json") {
        unavailable(no_collector_text(options));
    }
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    model::CollectorState state = model::CollectorState::kNone;
    SilenceNotice notice;
    show(options, output, terminal, {table ? Redraw::kInPlace : Redraw::kAppend, table ? "\n" : ""},
         [&](Size size) {
             model::Snapshot snapshot = machine.read(compare_kernel_);
             state = snapshot.collector.state;
             if (!table && state != model::CollectorState::kNone) {
                 notice.look(snapshot.collector);
             }
             model::apply(options.filter, snapshot);
             const SmiLook look = {size.columns, options.units, options.header, compare_kernel_};
             return table ? smi_text(snapshot, look, terminal)
                          : query_text(snapshot, options, format, {});
         });
    if (state == model::CollectorState::kNone && !(table && terminal.interactive())) {
        unavailable(no_collector_text(options));  // a person at a terminal has read it in the table
    }
    return status_for(state);
}

}  // namespace

std::unique_ptr<Command> make_smi() { return std::make_unique<Smi>(); }

}  // namespace tidemark::cli
