# SPDX-License-Identifier: Apache-2.0
"""The page's parts on reading, publication latency and a steady load: percentiles and shares, the first row the base."""
from page_parts import number, ratio, spread, table

PERCENTILES = (("p50_ns", "median"), ("p99_ns", "99 %"), ("p9999_ns", "99.99 %"))
READ_ROWS = tuple(
    (f"{label}, writer {state}", f"read/{key}/writer_{state}")
    for key, label in (("usage_row", "usage row of the stats segment"), ("relaxed_atomic", "one relaxed atomic of the same process"),
                       ("clock_gettime", "`clock_gettime`"))
    for state in ("idle", "busy")
)  # fmt: skip
QUERY_ROWS = (
    ("one row: a device's usage of a pool", "query/device_row"),
    ("one counter of it", "query/one_counter"),
    ("eight devices", "query/all_devices"),
    ("eight processes", "query/all_processes"),
    ("one relaxed atomic in shared memory", "query/relaxed_atomic"),
    ("request over a Unix socket", "query/socket_request"),
    ("a file of `/proc`, open already", "query/proc_file"),
)
LATENCY_ROWS = tuple(
    (f"{label}, {state}", f"latency/{key}/{state}")
    for state in ("idle", "busy")
    for key, label in (("tidemark", "Tidemark"), ("socket", "socket server"),
                       ("wake", "a process woken by a futex, nothing else"))
    if (key, state) != ("wake", "busy")
)
STEADY_ROWS = tuple(
    (f"{label}, {title}", f"steady/{key}/{shape}")
    for shape, title in (("in_spurts", "a hundred every millisecond"), ("evenly", "one every ten microseconds"))
    for key, label in (("tidemark", "Tidemark"), ("socket", "socket server"))
)
SHARES = (("producer_share", "program %"), ("receiver_share", "receiver %"), ("together_share", "together %"))


def percentiles(found, title, question, command, unit, rows):
    """`unit`: nanoseconds in one of it and its name."""
    size, name = unit
    lines = [f"## {title}", "", question, ""]
    base = found.get(rows[0][1])
    if not base:
        return lines + ["Not measured in this run.", ""]
    columns = [(key, label) for key, label in PERCENTILES if key in base]
    cells = []
    for label, key in rows:
        if key in found:
            figures = found[key]
            scaled = {end: value / size for end, value in figures["p50_ns"].items()}
            cells.append([ratio(figures["p50_ns"]["median"] / base["p50_ns"]["median"]), label]
                         + [number(figures[column]["median"] / size) for column, _ in columns]
                         + [spread(scaled, number)])  # fmt: skip
    head = ["ratio", f"against: {rows[0][0]}"] + [f"{label} {name}" for _, label in columns] + ["spread of the median"]
    return lines + table(head, cells) + ["", f"`build/release/bin/{command}`", ""]


def steady(found):
    lines = ["## 100,000 events a second", "", "Shares of one processor that the calls take from the program, and that the "
             "collector or the server has. A processor that is taken away in the middle of a call counts.", ""]  # fmt: skip
    base = found.get(STEADY_ROWS[0][1])
    if not base or "together_share" not in base:
        return lines + ["Not measured in this run.", ""]
    cells = []
    for label, key in STEADY_ROWS:
        if key in found:
            figures = found[key]
            percent = {end: value * 100 for end, value in figures["together_share"].items()}
            cells.append([ratio(figures["together_share"]["median"] / base["together_share"]["median"]), label]
                         + [number(figures[column]["median"] * 100) for column, _ in SHARES]
                         + [spread(percent, number)])  # fmt: skip
    head = ["ratio", f"against: {STEADY_ROWS[0][0]}"] + [label for _, label in SHARES] + ["spread"]
    command = "`build/release/bin/bench.steady --benchmark_repetitions=30` (a minute of each)"
    return lines + table(head, cells) + ["", command, ""]


def percentile_sections(found):
    return (
        percentiles(found, "Reading", "One read, in batches of 256: percentiles of the batches, per read. No read makes a system "
                    "call. *Busy*: a writer on another processor publishes the row without a pause.", "bench.read",
                    (1, "ns"), READ_ROWS)
        + percentiles(found, "Asking from another process", "Eight programs report, one of them a hundred events every few dozen "
                      "microseconds. The median is of batches, per query; the rest of single queries, the clock's own cost "
                      "taken off.", "bench.query", (1, "ns"), QUERY_ROWS)
        + percentiles(found, "From an append until others can read it", "*Idle*: an event every 3 ms, so that whoever receives it "
                      "sleeps. *Busy*: a hundred other events every millisecond.", "bench.latency", (1e3, "µs"), LATENCY_ROWS)
        + steady(found)
    )  # fmt: skip
