# SPDX-License-Identifier: Apache-2.0
"""The page's tables that need no words of their own: what each asks, its rows, and what they are compared with."""

from page_parts import absent, footer, million, number, ratio_cells, spread, table

# Title, question, section, unit, key of what the others are compared with, rows (label, key).
# ns: a ratio above 1 costs more than it. rate: a ratio above 1 is faster than it.
SECTIONS = (
    (
        "One event, single-threaded",
        "From the caller's side, an allocation and a free in turn, the lane emptied by the same thread. Every tracker "
        "that keeps the order of events needs a time stamp: here a bare read of the processor's counter.",
        "append", "ns", "append/stamp",
        (("time stamp alone", "append/stamp"),
         ("event, as the malloc tracker records it", "append/core"),
         ("event, `tidemark_allocation` / `tidemark_free`", "append/c_api")),
    ),
    (
        "One event, multi-threaded",
        "The same in a process with a second thread, where the stamp is fenced so that it can't run ahead of the "
        "hand-over that caused it.",
        "append", "ns", "append_threads/stamp",
        (("fenced time stamp alone", "append_threads/stamp"),
         ("event, as the malloc tracker records it", "append_threads/core"),
         ("event, `tidemark_allocation` / `tidemark_free`", "append_threads/c_api")),
    ),
    (
        "Tracking switched off",
        "What a program pays that could be tracked and isn't. The empty loop is part of every row. "
        "`tidemark_allocation` and `tidemark_free` are functions of a library, so their branch is behind a call.",
        "disabled", "ns", "disabled/branch",
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
        "lane", "rate", "lane/tidemark",
        (("Tidemark's lane", "lane/tidemark"),
         ("`boost::lockfree::spsc_queue`", "lane/boost_spsc_queue"),
         ("moodycamel ReaderWriterQueue", "lane/moodycamel_readerwriterqueue"),
         ("moodycamel ConcurrentQueue with tokens", "lane/moodycamel_concurrentqueue")),
    ),
    (
        "Publishing",
        "One row through its latch against a plain copy of its bytes, which a reader could see torn; and all rows of a "
        "pass, per image that had events (with one image, the rows of device, memory, history and collector are its "
        "own).",
        "publish", "ns", "publish/row_plain_copy",
        (("plain copy of a row", "publish/row_plain_copy"),
         ("row through its latch", "publish/row_latch"),
         ("all rows of a pass, 1 image", "publish/pass/1"),
         ("all rows of a pass, 100 images, each", "publish/pass/100")),
    ),
)  # fmt: skip

APPLY_QUESTION = (
    "A buffer is freed and another allocated beside it, {order}; 4096 events to a commit. The account survives SIGKILL "
    "at any instruction; the tables in memory forget everything with their process."
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
            yield (f"Applying events, {live:,} live buffers, {title}", APPLY_QUESTION.format(order=order), "apply",
                   "rate", rows[2][1], rows)  # fmt: skip


TRACK_ROWS = (
    ("Tidemark's monitor", "tidemark"),
    ("`std::unordered_map` under a mutex, relaxed counters", "map_and_mutex"),
)


def monitor_sections():
    yield (
        "In-process monitor: a query",
        "All figures of a device at one moment, five pools in use, against eight relaxed atomics of one cache line, "
        "which promise no moment and have no peaks.",
        "monitor", "ns", "monitor/query/relaxed_counters",
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
                   "monitor", "ns", rows[0][1], rows)  # fmt: skip


def section(results, title, question, name, unit, base, rows):
    found = results["benchmarks"]
    present = [(label, found[key]["ns"]) for label, key in rows if key in found]
    if base not in found or not present:
        return absent(title)
    base_ns = found[base]["ns"]
    base_label = next(label for label, key in rows if key == base)
    cells = []
    for label, ns in present:
        value, own = ratio_cells(ns, base_ns, unit == "rate")
        more = [number(ns["median"] - base_ns["median"])] if unit == "ns" else []
        show = number if unit == "ns" else million
        cells.append([value, label, own, show(ns["median"]), spread(ns, show)] + more)
    shown = "ns" if unit == "ns" else "million a second"
    head = ["ratio", f"against: {base_label}", "its spread", shown, "spread"] + (["ns more"] if unit == "ns" else [])
    lines = [f"## {title}", "", question, ""] + table(head, cells)
    if base == "lane/tidemark" and "lane/round_trip" in found:
        trip = number(found["lane/round_trip"]["ns"]["median"])
        lines += ["", f"What bounds all of them: a cache line goes to the other processor and back in {trip} ns here."]
    sizes = [f"{label}: {number(found[key]['bytes_a_buffer']['median'])}" for label, key in rows
             if "bytes_a_buffer" in found.get(key, {})]  # fmt: skip
    if sizes:
        lines += ["", f"Bytes a live buffer: {'; '.join(sizes)}."]
    return lines + footer(results, name, base_ns)


def sections(results, name):
    every = SECTIONS + tuple(monitor_sections()) + tuple(apply_sections())
    return [line for one in every if one[2] == name for line in section(results, *one)]
