// SPDX-License-Identifier: Apache-2.0
//
// `tidemark query`: the same figures for scripts, in formats that only ever grow.
#include <functional>

#include "viewers/cli/log_file.hpp"
#include "viewers/cli/machine.hpp"
#include "viewers/cli/query_metrics.hpp"
#include "viewers/cli/query_text.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/cli/watch.hpp"
#include "viewers/model/csv.hpp"

namespace tidemark::cli {
namespace {

class Query final : public Command {
public:
    const char* name() const override { return "query"; }
    const char* summary() const override {
        return "figures for scripts: JSON, CSV, plain columns, a log";
    }
    const char* help() const override {
        return R"(Usage: tidemark query [options]

  --json                  one JSON document (the default); one a line with -w
  --sensors               temperatures, power, clocks in it as well; with
                          --sysfs-root DIR and --sensor 0=nvidia:0 as in `smi`
  --csv                   one row a device and pool; --noheader, --nounits
  --query COLS            CSV of these columns, e.g. device,pool,allocated; with
                          pid, user, name: of processes. `--query help`
  --format proc           plain columns: a line a process, and a TOTAL
  --format prometheus     metrics; --no-processes, --pid-label, --sensors. With
                          -o FILE.prom -f for node_exporter's textfile folder
  --log FILE.csv          appends timestamp,device,dram,l1 again and again
  -w, --watch[=SECONDS]   -r, --refresh MS    -n, --count N    -1, --once
  -d, --device 0,2|all    -p, --pid PID    -u, --user NAME    --pool POOL
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --instance NAME         --trust-uid UID    --color WHEN    --ascii

JSON: bytes are integers, unknown is null, keys are only ever added. Exit: 0; 2
wrong command line; 3 no collector (the last figures of one that stopped or died
are printed, and standard error says so; --log leaves them out).

Examples:
  tidemark query --query pid,name,pool,allocated --noheader
  tidemark query --log memory.csv -r 500
)";
    }
    void add_options(OptionSet& set) override {
        set.list("--query", columns_);
        set.text("--log", log_);
        set.flag("--sensors", with_sensors_);
        set.flag("--no-processes", no_processes_);
        set.flag("--pid-label", pid_label_);
        sensors_.add_to(set);
    }

    int run(const Invocation& invocation) override;

private:
    void check_combination(const std::string& format) const;
    int append_log(Options options);
    std::function<model::Snapshot()> reader(const Options& options) const;

    std::vector<std::string> columns_;
    std::optional<std::string> log_;
    bool with_sensors_ = false;
    bool no_processes_ = false;
    bool pid_label_ = false;
    SensorOptions sensors_;
};

std::string column_list() {
    std::string text;
    for (const model::Column& column : model::columns()) {
        text += std::string(column.name) +
                (column.unit.empty() ? "" : " [" + std::string(column.unit) + "]") +
                (column.of_process ? " (of processes)" : "") + '\n';
    }
    return text;
}

int Query::append_log(Options options) {
    auto source = open_source(options);
    LogFile log(*log_);
    const Terminal terminal(log.output().fd(), ColorChoice::kNever, true);
    bool header = log.is_empty();
    int status = kOk;
    SilenceNotice notice;
    options.watching = options.count.value_or(0) != 1;
    show(options, log.output(), terminal, {Redraw::kAppend, ""}, [&](Size) {
        model::Snapshot snapshot = source.read();
        status = status_for(snapshot);
        if (model::is_gone(snapshot.collector.state)) {
            notice.look(snapshot.collector, "samples are left out");
            return "";
        }
        notice.look(snapshot.collector);
        model::apply(options.filter, snapshot);
        if (log.append((header ? kLogHeader : "") + log_lines(snapshot))) {
            header = false;
        }
        return "";
    });
    if (log.left_out() != 0) {
        unavailable(std::to_string(log.left_out()) + " samples could not be written to " + *log_ +
                    "; the log is not complete");
    }
    return status;
}

// Sensors only on request: the figures cost a few loads, the sensors a few files and NVIDIA's library.
std::function<model::Snapshot()> Query::reader(const Options& options) const {
    if (!with_sensors_) {
        auto source = std::make_shared<model::StatsSource>(open_source(options));
        return [source] { return source->read(); };
    }
    auto machine = std::make_shared<Machine>(options, sensors_);
    if (!machine->has_figures()) {
        unavailable(no_collector_text(options));
    }
    return [machine] { return machine->read(); };
}

void Query::check_combination(const std::string& format) const {
    const bool metrics = format == "prometheus";
    if (!with_sensors_ && sensors_.given()) {
        usage_error("--sysfs-root and --sensor mean something with --sensors only");
    }
    if (with_sensors_ && ((format != "json" && !metrics) || log_)) {
        usage_error("--sensors are shown in JSON and in metrics only");
    }
    if (!metrics && (no_processes_ || pid_label_)) {
        usage_error("--no-processes and --pid-label are of --format prometheus");
    }
    if (metrics && log_) {
        usage_error("--log has a format of its own: leave out --format prometheus");
    }
}

int Query::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    if (columns_ == std::vector<std::string>{"help"}) {
        Output::open(options).write(column_list());
        return kOk;
    }
    if (const std::string unknown = model::first_unknown_column(columns_); !unknown.empty()) {
        usage_error("there is no column '" + unknown +
                    "'; `tidemark query --query help` lists them");
    }
    const std::string format = require_format(options, "query", columns_.empty() ? "json" : "csv",
                                              {"json", "csv", "proc", "prometheus"});
    if (!columns_.empty() && format != "csv") {
        usage_error("--query selects columns of CSV: leave out --format " + format);
    }
    check_combination(format);
    if (format == "prometheus") {
        return query_metrics(options, with_sensors_ ? &sensors_ : nullptr,
                             {!no_processes_, pid_label_});
    }
    if (log_) {
        return append_log(options);
    }
    const auto read = reader(options);
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), ColorChoice::kNever, options.ascii);
    int status = kOk;
    SilenceNotice notice;
    Options plain = options;
    show(options, output, terminal, {Redraw::kAppend, format == "proc" ? "\n" : ""}, [&](Size) {
        model::Snapshot snapshot = read();
        status = status_for(snapshot);
        notice.look(snapshot.collector);
        model::apply(options.filter, snapshot);
        std::string text = query_text(snapshot, plain, format, columns_);
        plain.header = plain.header && format != "csv";  // one header for all rows
        return text;
    });
    return status;
}

}  // namespace

std::unique_ptr<Command> make_query() { return std::make_unique<Query>(); }

}  // namespace tidemark::cli
