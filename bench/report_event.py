# SPDX-License-Identifier: Apache-2.0
"""The page's part on one event from the caller's side: a table for each number of threads, Tidemark's event the base."""
from page_parts import number, ratio, spread, table

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
     "buffers.", "bench.event"),
    ("event_drained", "while somebody drains", "A collector, the queue's consumer, LTTng's consumer (to disk) or the socket's "
     "server empties what is written; all threads together make a million events a second.", "bench.event --drain"),
)  # fmt: skip


def event_sections(found):
    lines = ["## One event, against what one would use instead", "",
             "From the caller's side: an allocation and a free in turn. The median is of bursts of 128 events, per event. 99 and "
             "99.9 % are of single events with a fenced look at the processor's counter before and after, whose own cost is "
             "taken off; such an event can't overlap with its neighbours, and the counter moves in steps. With one thread the "
             "stamp is bare, with more it is fenced; queues carry a record with the same stamp.", ""]  # fmt: skip
    measured = False
    for key, title, question, command in QUESTIONS:
        for threads in (1, 2, 4, 8):
            base = found.get(f"{key}/tidemark/threads:{threads}")
            if not base:
                continue
            measured = True
            cells = []
            for label, name in RIVALS:
                row = found.get(f"{key}/{name}/threads:{threads}")
                if row:
                    cells.append([ratio(row["p50_ns"]["median"] / base["p50_ns"]["median"]), label,
                                  number(row["p50_ns"]["median"]),
                                  spread(row["p50_ns"], number),
                                  number(row["p99_ns"]["median"]), number(row["p999_ns"]["median"])])  # fmt: skip
            lines += [f"**{threads} thread{'s' if threads > 1 else ''}, {title}.** {question}", ""]
            lines += table(["ratio", "against: Tidemark's event", "median ns", "spread", "99 % ns", "99.9 % ns"], cells)
            lines += ["", f"`build/release/bin/{command}{' --threads' if threads > 1 else ''}`", ""]
    return lines if measured else lines + ["Not measured in this run.", ""]
