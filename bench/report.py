# SPDX-License-Identifier: Apache-2.0
"""The page of a run: tables with the ratio first, each with the command that repeats it. Says nothing that the run did
not measure; what a section asks and what its rivals are is all that is written here by hand."""

from page_parts import BIN, million, number, ratio, spread, table
from report_event import event_sections
from report_percentiles import percentile_sections
from report_programs import memory_section, more_programs_section, program_section
from report_scaling import scaling_section

# Title, question, command, unit, key of what the others are compared with, rows (label, key).
# ns: a ratio above 1 costs more than it. rate: a ratio above 1 is faster than it.
SECTIONS = (
    (
        "One event, single-threaded",
        "From the caller's side, an allocation and a free in turn, the lane emptied by the same thread. Every tracker that "
        "keeps the order of events needs a time stamp: here a bare read of the processor's counter.",
        "bench.append", "ns", "append/stamp",
        (("time stamp alone", "append/stamp"),
         ("event, as the malloc tracker records it", "append/core"),
         ("event, `tidemark_allocation` / `tidemark_free`", "append/c_api")),
    ),
    (
        "One event, multi-threaded",
        "The same in a process with a second thread, where the stamp is fenced so that it can't run ahead of the "
        "hand-over that caused it.",
        "bench.append --threads", "ns", "append_threads/stamp",
        (("fenced time stamp alone", "append_threads/stamp"),
         ("event, as the malloc tracker records it", "append_threads/core"),
         ("event, `tidemark_allocation` / `tidemark_free`", "append_threads/c_api")),
    ),
    (
        "Tracking switched off",
        "What a program pays that could be tracked and isn't. The empty loop is part of every row.",
        "bench.disabled", "ns", "disabled/called_branch",
        (("empty loop", "disabled/empty_loop"),
         ("branch on a global, in line", "disabled/branch"),
         ("branch on a global, in a function", "disabled/called_branch"),
         ("`tidemark::allocation` of producer.hpp, in line", "disabled/inline_allocation"),
         ("`tidemark_allocation` of producer.h", "disabled/allocation"),
         ("`tidemark_free` of producer.h", "disabled/free"),
         ("LTTng-UST tracepoint", "disabled/lttng")),
    ),
    (
        "One thread to another",
        "32-byte records between two threads on two processors, pushed one at a time, popped in batches of up to 512. "
        "The lane's side includes all checks of what a hostile producer could write.",
        "bench.lane", "rate", "lane/tidemark",
        (("Tidemark's lane", "lane/tidemark"),
         ("`boost::lockfree::spsc_queue`", "lane/boost_spsc_queue"),
         ("moodycamel ReaderWriterQueue", "lane/moodycamel_readerwriterqueue"),
         ("moodycamel ConcurrentQueue with tokens", "lane/moodycamel_concurrentqueue")),
    ),
    (
        "Publishing",
        "One row through its latch against a plain copy of its bytes, which a reader could see torn; and all rows of a "
        "pass, per image that had events (with one image, the rows of device, memory, history and collector are its own).",
        "bench.publish", "ns", "publish/row_plain_copy",
        (("plain copy of a row", "publish/row_plain_copy"),
         ("row through its latch", "publish/row_latch"),
         ("all rows of a pass, 1 image", "publish/pass/1"),
         ("all rows of a pass, 100 images, each", "publish/pass/100")),
    ),
)  # fmt: skip

APPLY_QUESTION = (
    "A buffer is freed and another allocated beside it, {order}; 4096 events to a commit. The account survives SIGKILL at "
    "any instruction; the tables in memory forget everything with their process."
)
APPLY_ROWS = (
    ("account: live table, totals, undo journal", "account"),
    ("its live table and journal alone", "live_table"),
    ("flat hash table in memory", "flat_table_in_memory"),
    ("`std::unordered_map`", "std_unordered_map"),
)


def apply_sections():
    for live in (10_000, 1_000_000):
        for key, title, order in (
            ("scattered", "scattered", "at random places"),
            ("in_order", "neighbours", "from one address to the next"),
        ):
            rows = tuple((label, f"apply/{name}/{key}/{live}") for label, name in APPLY_ROWS)
            yield (f"Applying events, {live:,} live buffers, {title}", APPLY_QUESTION.format(order=order), "bench.apply",
                   "rate", rows[2][1], rows)  # fmt: skip


PIPELINE_ROWS = (
    ("one program, 1,000 buffers", "pairs/1/1000", 1_000),
    ("one program, 10,000 buffers", "pairs/1/10000", 10_000),
    ("8 programs, 10,000 buffers together", "pairs/8/10000", 10_000),
    ("64 programs, 10,000 buffers together", "pairs/64/10000", 10_000),
    ("one program, 1,000,000 buffers", "pairs/1/1000000", 1_000_000),
    ("64 programs, 1,000,000 buffers together", "pairs/64/1000000", 1_000_000),
    ("one program, 8,000,000 buffers", "pairs/1/8000000", 8_000_000),
    ("one program, ever more buffers", "growing/1/0", 1_000_000),
    ("one program, one thread frees what another allocates", "mixed_threads/1/512", 1_000),
)


def pipeline_section(found):
    lines = ["## The whole way", "", "Events applied and published a second, from programs that append as fast as they can to "
             "the stats segment, on as many processors as there are. Against the live table with its journal alone, fed from "
             "memory, with as many live buffers (scattered; those of the last two rows: a million, a thousand). *Lost*: "
             "after waiting for space in vain.", ""]  # fmt: skip
    cells = []
    for label, key, live in PIPELINE_ROWS:
        row, alone = found.get(f"pipeline/{key}"), found.get(f"apply/live_table/scattered/{live}")
        if row and alone:
            cells.append([ratio(alone["ns"]["median"] / row["ns"]["median"]), label, million(row["ns"]["median"]),
                          spread(row["ns"], million), million(alone["ns"]["median"]), number(row["lost"]["high"])])  # fmt: skip
    if not cells:
        return lines + ["Not measured in this run.", ""]
    head = ["ratio", "against: live table alone", "million a second", "spread", "live table alone", "lost"]
    return lines + table(head, cells) + ["", "`build/release/bin/bench.pipeline`", ""]


TRACK_ROWS = (
    ("Tidemark's monitor", "tidemark"),
    ("`std::unordered_map` under a mutex, relaxed counters", "map_and_mutex"),
)


def monitor_sections():
    yield (
        "In-process monitor: a query",
        "All figures of a device at one moment, five pools in use, against eight relaxed atomics of one cache line, which "
        "promise no moment and have no peaks.",
        "bench.monitor", "ns", "monitor/query/relaxed_counters",
        (("eight relaxed atomics", "monitor/query/relaxed_counters"),
         ("`TracyMemoryMonitor::query_device`", "monitor/query/compatible"),
         ("`Monitor::query_device`, seven pools", "monitor/query/all_pools")),
    )  # fmt: skip
    for key, title, which in (
        ("loop", "a program's loop", "A thousand buffers of each thread are freed and allocated again, the others stay"),
        ("scattered", "scattered", "Every buffer is freed in its turn, in no order, and another one allocated: each event misses "
         "the caches"),
    ):  # fmt: skip
        for threads in (1, 8):
            rows = tuple((label, f"monitor/track/{name}/{key}/{threads}/threads:{threads}") for label, name in TRACK_ROWS)
            plural = "s" if threads > 1 else ""
            yield (f"In-process monitor: an event, {title}, {threads} thread{plural}",
                   f"A million live buffers on one device. {which}. Processor time of the calling thread.",
                   "bench.monitor", "ns", rows[0][1], rows)  # fmt: skip


def section(found, title, question, command, unit, base, rows):
    lines = [f"## {title}", "", question, ""]
    present = [(label, found[key]["ns"]) for label, key in rows if key in found]
    if base not in found or not present:
        return lines + ["Not measured in this run.", ""]
    base_ns = found[base]["ns"]["median"]
    base_label = next(label for label, key in rows if key == base)
    cells = []
    for label, ns in present:
        value = ns["median"] / base_ns if unit == "ns" else base_ns / ns["median"]
        more = [number(ns["median"] - base_ns)] if unit == "ns" else []
        show = number if unit == "ns" else million
        cells.append([ratio(value), label, show(ns["median"]), spread(ns, show)] + more)
    shown = "ns" if unit == "ns" else "million a second"
    head = ["ratio", f"against: {base_label}", shown, "spread"] + (["ns more"] if unit == "ns" else [])
    lines += table(head, cells)
    if base == "lane/tidemark" and "lane/round_trip" in found:
        trip = number(found["lane/round_trip"]["ns"]["median"])
        lines += ["", f"What bounds all of them: a cache line goes to the other processor and back in {trip} ns here."]
    sizes = [f"{label}: {number(found[key]['bytes_a_buffer']['median'])}" for label, key in rows
             if "bytes_a_buffer" in found.get(key, {})]  # fmt: skip
    if sizes:
        lines += ["", f"Bytes a live buffer: {'; '.join(sizes)}."]
    return lines + ["", f"`{BIN}{command}`", ""]


def idle_section(runs):
    lines = ["## Idle collector", "", "`tidemarkd` with so many attached rings whose processes do nothing, and a process that looks "
             "at as many rings every millisecond; LTTng's consumer with one program that does nothing: share of one processor, user and system time of all its threads.", ""]  # fmt: skip
    if not runs:
        return lines + ["Not measured in this run.", ""]
    base = runs[0]["cpu_share"] or 1e-9
    cells = [
        [ratio(run["cpu_share"] / base), f"{run['rings']} {run.get('who') or ('polled' if run.get('polls') else 'attached')}",
         f"{run['cpu_share'] * 100:.3f} %", number(run["wakeups_a_second"])]
        for run in runs
    ]  # fmt: skip
    return lines + table(["ratio", "rings", "CPU", "wake-ups a second"], cells) + ["", "`./dev bench`", ""]


def page(results):
    m = results["machine"]
    lines = ["# Benchmarks", "", "<!-- Written by bench/run.py. `./dev bench` measures again and writes it anew. -->", ""]
    if results["smoke"]:
        lines += ["**From a run for an instant, to see that it works: these figures mean nothing.**", ""]
    place = "a virtual machine with " if m["virtual"] else ""
    lines += [
        f"Measured on {m['date']}, in one run of {results['seconds']:.0f} s, on {place}{m['processors']} processors "
        f"({m['processor']}), {m['system']}, Linux {m['kernel']}, {m['compiler']}, Python {m['python']}, load before the run "
        f"{m['load_before']:.2f}. Absolute times are this machine's; the ratios are what travels.", "",
        "`./dev bench` repeats all of it (`--with-rivals` installs rivals that are missing). Each row is the median of five "
        "repetitions in shuffled order, *spread* the lowest and the highest.", "",
    ]  # fmt: skip
    for one in SECTIONS[:2]:
        lines += section(results["benchmarks"], *one)
    lines += event_sections(results["benchmarks"])
    for one in SECTIONS[2:4] + tuple(monitor_sections()) + tuple(apply_sections()) + SECTIONS[4:]:
        lines += section(results["benchmarks"], *one)
    lines += pipeline_section(results["benchmarks"]) + scaling_section(results["benchmarks"])
    lines += percentile_sections(results["benchmarks"]) + idle_section(results["idle"]) + program_section(results["programs"])
    lines += more_programs_section(results.get("more_programs", {}))
    lines += memory_section(results["benchmarks"], results.get("memory"))
    lines += ["## Not in this run", ""]
    lines += [f"* {gone['rival']}: {gone['why']}" for gone in results["absent"]]
    lines += [f"* failed: {failure['what']}: {failure['why']}" for failure in results["failures"]]
    if lines[-1] == "":
        lines.append("Nothing was left out.")
    return "\n".join(lines) + "\n"
