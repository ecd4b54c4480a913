// SPDX-License-Identifier: Apache-2.0
//
// `tidemark smi`: the table of devices, pools and programs, once or again and again. What it looks like stands in
// smi_view.cpp; the other formats are those of `tidemark query`.
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
        return "the table of devices, pools and programs (the default)";
    }
    const char* help() const override {
        return R"(Usage: tidemark [smi] [options]

Shows devices with their memories, pools, the programs that use them, and
whether anything was lost. Unknown figures are N/A.

  -w, --watch[=SECONDS]   again and again, in place on a terminal
  -r, --refresh MS        so often; -n, --count N: so many times; -1, --once
  -d, --device 0,2|all    these devices; host is the host
  -p, --pid PID           these processes; -u, --user NAME: of these users
  --pool POOL             these pools
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

    int run(const Invocation& invocation) override {
        const Options& options = invocation.options;
        const std::string format =
            require_format(options, "smi", "table", {"table", "json", "csv", "proc"});
        auto source = open_source(options);
        Output output = Output::open(options);
        const Terminal terminal(output.fd(), options.color, options.ascii);
        int status = kOk;
        const bool table = format == "table";
        show(options, output, terminal,
             {table ? Redraw::kInPlace : Redraw::kAppend, table ? "\n" : ""}, [&](Size size) {
                 model::Snapshot snapshot = source.read();
                 status = status_for(snapshot);
                 model::apply(options.filter, snapshot);
                 return table ? smi_text(snapshot, {size.columns, options.units, options.header},
                                         terminal)
                              : query_text(snapshot, options, format, {});
             });
        return status;
    }
};

}  // namespace

std::unique_ptr<Command> make_smi() { return std::make_unique<Smi>(); }

}  // namespace tidemark::cli
