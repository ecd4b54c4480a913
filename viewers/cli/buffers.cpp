// SPDX-License-Identifier: Apache-2.0
//
// `tidemark buffers`: the live allocations of programs that run, one by one.
#include <nlohmann/json.hpp>

#include "viewers/cli/buffer_text.hpp"
#include "viewers/cli/call_site_view.hpp"
#include "viewers/cli/session.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/cli/verbs.hpp"
#include "viewers/cli/watch.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/text.hpp"
#include "viewers/symbols/symbols.hpp"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kShownAsText = 20;

class Buffers final : public Command {
public:
    const char* name() const override { return "buffers"; }
    const char* summary() const override {
        return "live buffers: device, pool, id, size, age, process";
    }
    const char* help() const override {
        return R"(Usage: tidemark buffers [options]

Lists live buffers of programs that run. For the collector's user and root.

  --sort size|age|id      the largest (default), the oldest, the lowest first
  --top N                 so many (20 as text, else all); 0: all
  --stacks                as text, the call sites too, if they were recorded
                          (TIDEMARK_STACKS, docs/call-sites.md)
  -d, --device 0,2|all    -p, --pid PID    -u, --user NAME    --pool POOL
  --format FORMAT         table, json, csv; --json; --csv; --noheader; --nounits
  -w, --watch[=SECONDS]   again and again; -r, --refresh MS: so often
  -n, --count N           so many times; -1, --once
  -o, --output FILE       into a new file; -f, --force: overwrite it
  --color WHEN            auto, always, never; --ascii
  --instance NAME         another collector's; --trust-uid UID

Exit status: 0; 2 for a wrong command line; 3 without a collector, or if no
list could be read.

Examples:
  tidemark buffers --top 5
  tidemark buffers -p 1234 --sort age
  tidemark buffers --pool L1 --json | jq '[.buffers[].size] | add'
)";
    }
    void add_options(OptionSet& set) override {
        set.text("--sort", sort_);
        set.text("--top", top_);
        set.flag("--stacks", stacks_);
    }
    int run(const Invocation& invocation) override;

private:
    model::BufferOrder order() const;

    std::optional<std::string> sort_, top_;
    bool stacks_ = false;
};

// Everything about one moment's list, before it is cut to the first few.
struct Listing {
    model::BufferList list;
    std::vector<BufferTotal> totals;
    std::uint64_t count = 0;
    bool with_stacks = false;
};

std::string table_text(const Listing& listing, const Options& options, const Terminal& terminal,
                       std::size_t width) {
    const Figures figures(options.units, terminal.ascii());
    std::vector<Line> lines =
        buffer_grid(listing.list, 0, figures).lines(width, terminal.ascii(), options.header);
    if (listing.count > listing.list.buffers.size()) {
        lines.push_back({{"and " + figures.count(listing.count - listing.list.buffers.size()) +
                              " more; --top 0 shows all",
                          Style::kDim}});
    }
    if (listing.with_stacks) {
        const auto sites = call_site_lines(call_sites_of(listing.list), 0, figures);
        lines.emplace_back();
        lines.push_back(
            {{sites.empty() ? "No call site was recorded" : "Call sites of these", Style::kBold}});
        lines.insert(lines.end(), sites.begin(), sites.end());
    }
    lines.emplace_back();
    for (const BufferTotal& total : listing.totals) {
        lines.push_back(
            {{model::device_word(total.device) + " " + model::printable(total.pool_name),
              Style::kAccent},
             {": " + figures.count(total.count) + (total.count == 1 ? " buffer, " : " buffers, ") +
              figures.bytes(total.bytes)}});
    }
    if (listing.totals.empty()) {
        lines = {{{"no live buffers", Style::kDim}}};
    }
    if (const std::string dropped = dropped_sentence(listing.list, figures); !dropped.empty()) {
        lines.push_back({{dropped, Style::kWarning}});
    }
    for (const std::string& reason : listing.list.inexact) {
        lines.push_back({{"not exact: " + reason, Style::kWarning}});
    }
    return render(lines, terminal);
}

std::string json_text(const Listing& listing, int indent) {
    nlohmann::ordered_json head;
    head["schema"] = model::kJsonSchema;
    head["exact"] = listing.list.inexact.empty();
    head["inexact"] = listing.list.inexact;
    head["count"] = listing.count;
    head["totals"] = model::totals_json(listing.totals);
    std::string text;
    write_with_list(head, "buffers", listing.list, indent,
                    [&](const std::string& piece) { text += piece; });
    return text;
}

model::BufferOrder Buffers::order() const {
    const std::string by = sort_.value_or("size");
    if (by != "size" && by != "age" && by != "id") {
        usage_error("--sort takes size, age or id, not '" + by + "'");
    }
    return by == "size"  ? model::BufferOrder::kSize
           : by == "age" ? model::BufferOrder::kAge
                         : model::BufferOrder::kId;
}

int Buffers::run(const Invocation& invocation) {
    const Options& options = invocation.options;
    const std::string format =
        require_format(options, "buffers", "table", {"table", "json", "csv"});
    const bool table = format == "table";
    const std::uint64_t top = top_ ? whole_value("--top", *top_) : table ? kShownAsText : 0;
    const model::BufferOrder by = order();
    auto source = open_source(options);
    Output output = Output::open(options);
    const Terminal terminal(output.fd(), options.color, options.ascii);
    int status = kOk;
    show(options, output, terminal, {table ? Redraw::kInPlace : Redraw::kAppend, table ? "\n" : ""},
         [&](Size size) {
             model::Snapshot snapshot = source.read();
             model::apply(options.filter, snapshot);
             Listing listing{model::read_buffers(snapshot, model::Which::kRunning, options.filter),
                             {},
                             0,
                             stacks_};
             listing.totals = totals_of(listing.list, false);
             listing.count = listing.list.buffers.size();
             status = listing.count == 0 && !listing.list.inexact.empty() ? kUnavailable
                                                                          : status_for(snapshot);
             model::order(listing.list, by, top);
             if (format != "csv") {
                 symbols::name_stacks(listing.list);
             }
             return table             ? table_text(listing, options, terminal, size.columns)
                    : format == "csv" ? buffer_csv(listing.list, options.header, options.units)
                                      : json_text(listing, options.watching ? -1 : 2);
         });
    return status;
}

}  // namespace

std::unique_ptr<Command> make_buffers() { return std::make_unique<Buffers>(); }

}  // namespace tidemark::cli
