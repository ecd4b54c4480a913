// SPDX-License-Identifier: Apache-2.0
//
// `tidemark bench`: what an event and a query cost on this machine, in ten seconds. bench/ holds the benchmarks with
// rivals; this is for somebody who has the programs alone.
#include <nlohmann/json.hpp>

#include "viewers/cli/bench_figures.hpp"
#include "viewers/cli/output.hpp"
#include "viewers/cli/private_collector.hpp"
#include "viewers/cli/terminal.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"

namespace tidemark::cli {
namespace {

constexpr std::int64_t kStartMs = 10'000;
constexpr std::uint64_t kMostSeconds = 3600;
constexpr std::size_t kBarColumns = 40;

// On standard error, if that is a terminal; gone when it is done.
class ProgressBar {
public:
    explicit ProgressBar(const Options& options)
        : output_(Output::standard_error()),
          terminal_(output_.fd(), options.color, options.ascii) {}
    ~ProgressBar() {
        try {
            if (shown_) {
                output_.write("\r" + terminal_.clear_line());
            }
        } catch (const Failure&) {  // a terminal that went away
        }
    }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(double share) {
        const auto full = static_cast<std::size_t>(share * kBarColumns);
        if (!terminal_.interactive() || terminal_.clear_line().empty() || (shown_ && full == full_))
            return;
        full_ = full;
        shown_ = true;
        std::string bar;
        for (std::size_t i = 0; i < kBarColumns; ++i) {
            const bool done = i < full;
            bar += terminal_.ascii() ? (done ? "#" : ".") : (done ? "█" : "░");
        }
        output_.write("\rmeasuring " + bar + terminal_.clear_line());
    }

private:
    Output output_;
    Terminal terminal_;
    bool shown_ = false;
    std::size_t full_ = 0;
};

std::string decimal(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

std::string line(const std::string& what, const std::string& median, const std::string& p99,
                 const std::string& note) {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "%-30s %10s %10s   %s\n", what.c_str(), median.c_str(),
                  p99.c_str(), note.c_str());
    return text.data();
}

const char* name_of(Stamp kind) {
    switch (kind) {
        case Stamp::kKernel:
            return "kernel_clock";
        case Stamp::kCounterFenced:
            return "counter_fenced";
        default:
            return "counter";
    }
}

const char* sentence_of(Stamp kind) {
    switch (kind) {
        case Stamp::kKernel:
            return "ns; the kernel's clock, it does not trust the processor's counter";
        case Stamp::kCounterFenced:
            return "ns; the processor's counter, fenced";
        default:
            return "ns; the processor's counter (a program with threads fences it)";
    }
}

std::string text_of(const BenchFigures& figures, bool ascii) {
    const std::string us = ascii ? "us" : "µs";
    const auto row = [](const char* what, const Percentiles& figure, double unit,
                        const std::string& note) {
        return line(what, decimal(figure.median_ns / unit), decimal(figure.p99_ns / unit), note);
    };
    return line("", "median", "99 %", "") +
           row("an event's time stamp alone", figures.stamp, 1, sentence_of(figures.stamp_kind)) +
           row("one event", figures.event, 1, "ns; of batches of 64, 10,000 buffers live") +
           row("one row read", figures.row, 1, "ns; of batches of 256, no system call") +
           row("from an event to its figure", figures.publication, 1e3,
               us + "; the collector asleep before") +
           line("events applied a second", decimal(figures.events_a_second / 1e6), "",
                "million; one thread") +
           line("events lost", std::to_string(figures.lost), "", "");
}

std::string json_of(const BenchFigures& figures, double seconds) {
    const auto pair = [](const Percentiles& figure) {
        return nlohmann::ordered_json{{"median_ns", figure.median_ns}, {"p99_ns", figure.p99_ns}};
    };
    nlohmann::ordered_json document;
    document["schema"] = model::kJsonSchema;
    document["seconds"] = seconds;
    document["stamp"] = pair(figures.stamp);
    document["stamp"]["kind"] = name_of(figures.stamp_kind);
    document["event"] = pair(figures.event);
    document["row_read"] = pair(figures.row);
    document["publication"] = pair(figures.publication);
    document["events_a_second"] = figures.events_a_second;
    document["events_lost"] = figures.lost;
    return model::dump(document, 2) + '\n';
}

class BenchVerb final : public Command {
public:
    const char* name() const override { return "bench"; }
    const char* summary() const override {
        return "what an event and a query cost on this machine";
    }
    const char* help() const override {
        return R"(Usage: tidemark bench [options]

Measures for ten seconds what one event costs the program that makes it (and the
time stamp in it alone), how long a figure takes to be readable and to be read,
and how many events a second go the whole way. 10,000 buffers are live, those at
random places are freed and others allocated. Starts a collector of its own;
needs nothing running. Times are of this machine as busy as it is; nothing else
should run.

  --seconds N             measure for so long, 1 to 3600
  --json                  as JSON (--format json)
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii

Exit status: 0 measured, 2 wrong command line, 3 could not measure.

Examples:
  tidemark bench
  tidemark bench --seconds 60 --json -o figures.json
)";
    }
    void add_options(OptionSet& set) override { set.text("--seconds", seconds_); }
    int run(const Invocation& invocation) override;

private:
    std::optional<std::string> seconds_;
};

BenchFigures measured(const Options& options, double seconds) {
    RunSignals signals;
    signals.command_ended();  // an interrupt is for us
    PrivateCollector collector(signals);
    if (!collector.start(kStartMs)) {
        unavailable("cannot start a collector to measure with: " + collector.error());
    }
    BenchProducer producer;
    std::string error;
    if (!producer.load(collector.instance())) {
        unavailable("cannot make events: " + producer.error());
    }
    const auto reader = StatsReader::open(collector.instance(), &error);
    if (!reader) {
        unavailable(error);
    }
    ProgressBar bar(options);
    return measure(producer, *reader, seconds, [&](double share) {
        if (const int signal = signals.take(); signal != 0 && signal != SIGCHLD) {
            unavailable("interrupted; nothing was measured to the end");
        }
        bar.show(share);
    });
}

int BenchVerb::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    refuse_watching(options, "bench");
    const bool json = require_format(options, "bench", "text", {"text", "json"}) == "json";
    const std::uint64_t seconds = seconds_ ? whole_value("--seconds", *seconds_) : 10;
    if (seconds < 1 || seconds > kMostSeconds) {
        usage_error("--seconds takes a whole number, 1 to 3600");
    }
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    try {
        const auto length = static_cast<double>(seconds);
        const BenchFigures figures = measured(options, length);
        output.write(json ? json_of(figures, length) : text_of(figures, terminal.ascii()));
    } catch (const Failure&) {
        output.discard();
        throw;
    }
    return kOk;
}

}  // namespace

std::unique_ptr<Command> make_bench() { return std::make_unique<BenchVerb>(); }

}  // namespace tidemark::cli
