# SPDX-License-Identifier: Apache-2.0
"""The page's parts on reading, publication latency and a steady load: percentiles and shares, the first row the base."""
from page_parts import absent, footer, number, ratio_cells, scaled, single, spread, step_of, table

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
    ("one row that another process publishes without a pause", "query/busy_publisher/device_row"),
    ("one counter of that", "query/busy_publisher/one_counter"),
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
SHARES = (("producer_share", "program %", 100), ("receiver_share", "receiver %", 100), ("together_share", "together %", 100))
TOLD_OF_STEADY = {"wakes_per_second": "wake-ups a second", "ns_per_wake": "ns a wake-up", "ns_per_pass": "ns a pass"}


def percentiles(results, title, question, section, unit, rows):
    """`unit`: nanoseconds in one of it and its name."""
    size, name = unit
    found = results["benchmarks"]
    base = found.get(rows[0][1])
    if not base:
        return absent(title)
    known = [key for _, key in rows]
    rows += tuple((key.partition("/")[2].replace("_", " ").replace("/", ", "), key) for key, row in found.items()
                  if key.startswith(section + "/") and key not in known and "p50_ns" in row)  # fmt: skip
    step = step_of(found) if section == "query" else 0  # others measure more than the counter's step at once
    columns = [(key, label) for key, label in PERCENTILES if key in base]
    cells = []
    for label, key in rows:
        if key in found:
            figures = found[key]
            value, own = ratio_cells(figures["p50_ns"], base["p50_ns"])
            cells.append([value, label, own]
                         + [single(figures[column]["median"] / size, step * (column != "p50_ns")) for column, _ in columns]
                         + [spread(scaled(figures["p50_ns"], 1 / size), number)])  # fmt: skip
    head = ["ratio", f"against: {rows[0][0]}", "its spread"] + [f"{label} {name}" for _, label in columns]
    head.append("spread of the median")
    return [f"## {title}", "", question, ""] + table(head, cells) + footer(results, section, base["p50_ns"])


STEADY_TITLE = "100,000 events a second"
STEADY_TEXT = (
    "Shares of one processor that the calls take from the program, and that the collector or the server has. A "
    "processor that is taken away in the middle of a call counts."
)


def more_of_steady(found):
    """What else a run counted."""
    told = dict.fromkeys(key for _, name in STEADY_ROWS for key in found.get(name, {}))
    known = ("ns", "seconds", *(key for key, _, _ in SHARES))
    return tuple((key, TOLD_OF_STEADY.get(key, key.replace("_", " ")), 1) for key in told if key not in known)


def steady(results):
    found = results["benchmarks"]
    base = found.get(STEADY_ROWS[0][1])
    if not base or "together_share" not in base:
        return absent(STEADY_TITLE)
    shares = SHARES + more_of_steady(found)
    cells = []
    for label, key in STEADY_ROWS:
        if key in found:
            figures = found[key]
            value, own = ratio_cells(figures["together_share"], base["together_share"])
            cells.append([value, label, own]
                         + [number(figures[column]["median"] * factor) if column in figures else ""
                            for column, _, factor in shares]
                         + [spread(scaled(figures["together_share"], 100), number)])  # fmt: skip
    head = ["ratio", f"against: {STEADY_ROWS[0][0]}", "its spread"] + [label for _, label, _ in shares] + ["spread of together"]
    seconds = sum(base.get("seconds", {}).get("values", ()))
    text = STEADY_TEXT + (f" Each row of Tidemark's: {seconds:.0f} s in all." if seconds else "")
    return [f"## {STEADY_TITLE}", "", text, ""] + table(head, cells) + footer(results, "steady", base["together_share"])


READ_TEXT = ("One read, in batches of 256: percentiles of the batches, per read. No read makes a system call. *Busy*: a writer "
             "on another processor publishes the row without a pause.")  # fmt: skip
QUERY_TEXT = ("Eight programs report, one of them a hundred events every few dozen microseconds. The median is of batches, per "
              "query; the rest of single queries, the clock's own cost taken off: \"< {step:.0f}\" is less than one step of the "
              "processor's counter.")  # fmt: skip
LATENCY_TEXT = "*Idle*: an event every 3 ms, so that whoever receives it sleeps. *Busy*: a hundred other events every millisecond."


def read_section(results):
    return percentiles(results, "Reading", READ_TEXT, "read", (1, "ns"), READ_ROWS)


def query_section(results):
    text = QUERY_TEXT.format(step=step_of(results["benchmarks"]))
    return percentiles(results, "Asking from another process", text, "query", (1, "ns"), QUERY_ROWS)


def latency_section(results):
    title = "From an append until others can read it"
    return percentiles(results, title, LATENCY_TEXT, "latency", (1e3, "µs"), LATENCY_ROWS)
