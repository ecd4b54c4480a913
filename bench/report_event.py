# SPDX-License-Identifier: Apache-2.0
"""The page's part on one event from the caller's side: a table for each number of threads, Tidemark's event the base."""
from page_parts import absent, footer, number, ratio_cells, single, spread, step_of, table

RIVALS = (
    ("time stamp alone", "stamp"),
    ("Tidemark's event", "tidemark"),
    ("LTTng-UST tracepoint", "lttng"),
    ("112 bytes over a Unix socket", "socket"),
    ("relaxed counters, registry under a lock", "counters_and_registry"),
    ("moodycamel ReaderWriterQueue", "readerwriterqueue"),
    ("moodycamel ConcurrentQueue with tokens", "concurrentqueue"),
    ("`boost::lockfree::spsc_queue`", "boost_spsc_queue"),
)
QUESTIONS = (
    ("event", "while nobody drains", "What was written is thrown away between bursts by the thread itself; LTTng overwrites its "
     "buffers. No socket: one that nobody reads is soon full, and then the sender waits."),
    ("event_drained", "while somebody drains", "A collector, the queue's consumer, LTTng's consumer (to disk) or the socket's "
     "server empties what is written; the counters are read every millisecond; all threads together make a million "
     "events a second."),
)  # fmt: skip
TITLE = "One event, against what one would use instead"
TEXT = (
    "From the caller's side: an allocation and a free in turn. The median is of bursts of 128 events, per event. 99 "
    "and 99.9 % are of single events with a fenced look at the processor's counter before and after, whose own cost is "
    "taken off; such an event can't overlap with its neighbours, and the counter moves in steps of {step:.0f} ns. In a "
    "process with one thread Tidemark's stamp is bare, with more it is fenced; queues carry a record with the same "
    "stamp. While somebody drains, a queue's consumer is a second thread in its process, so its stamp is fenced there "
    "with one thread too, where ours is bare."
)


def rivals_of(found, key, threads):
    """(label, figures) of what was measured."""
    names = {label: f"{key}/{name}/threads:{threads}" for label, name in RIVALS}
    return [(label, found[name]) for label, name in names.items() if name in found]


def one_table(found, key, threads, step):
    base = found[f"{key}/tidemark/threads:{threads}"]
    rows = rivals_of(found, key, threads)
    above = any("above_stamp_ns" in row for _, row in rows)
    cells = []
    for label, row in rows:
        value, own = ratio_cells(row["p50_ns"], base["p50_ns"])
        mine = [number(row["above_stamp_ns"]["median"]) if "above_stamp_ns" in row else ""] if above else []
        cells.append([value, label, own, number(row["p50_ns"]["median"]), spread(row["p50_ns"], number)] + mine
                     + [single(row[percentile]["median"], step) for percentile in ("p99_ns", "p999_ns")])  # fmt: skip
    head = ["ratio", "against: Tidemark's event", "its spread", "median ns", "spread"]
    return table(head + (["above its stamp"] if above else []) + ["99 % ns", "99.9 % ns"], cells)


def thrown_away(lttng):
    """A run of LTTng's that discarded events is not shown, and listed at the end."""
    if "discarded" not in lttng:
        return []
    return ["", f"LTTng discarded {lttng['discarded']['high']:.0f} events in the runs that are shown."]


def event_sections(results):
    found = results["benchmarks"]
    step = step_of(found)
    stamped = any("above_stamp_ns" in row for row in found.values())
    lines = [f"## {TITLE}", "", TEXT.format(step=step) + (" *Above its stamp*: without it." if stamped else ""), ""]
    measured = False
    for key, title, question in QUESTIONS:
        for threads in (1, 2, 4, 8):
            if (base := found.get(f"{key}/tidemark/threads:{threads}")) is None:
                continue
            measured = True
            lines += [f"**{threads} thread{'s' if threads > 1 else ''}, {title}.** {question}", ""]
            lines += one_table(found, key, threads, step) + thrown_away(found.get(f"{key}/lttng/threads:{threads}", {}))
            lines += footer(results, "event", base["p50_ns"])
    return lines if measured else absent(TITLE)
