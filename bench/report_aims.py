# SPDX-License-Identifier: Apache-2.0
"""The page's first table: what was aimed at, what was measured in this run, and whether that is met. By medians."""
from page_parts import bare_ratio, number, ratios, spread, table
from report_collector import pipeline_rows
from report_programs import PROGRAMS, noise, share_of_heaptrack
from report_scaling import ALLOWED, FIGURES, growing, label_of

MOST_WALL = 1.15


def worst(values, most):
    """(figure, what it is of): the largest, or the least."""
    return (max if most else min)(values, key=lambda one: one[0], default=None)


def bound(title, values, limit, show=number, most=True, unit=""):
    """A row: the worst of `values` against a limit that it must not pass."""
    found = worst(values, most)
    if found is None:
        return [title, "not measured", ""]
    met = found[0] <= limit if most else found[0] >= limit
    return [title, f"{show(found[0])}{unit}" + (f" ({found[1]})" if found[1] else ""), "met" if met else "**missed**"]


def medians(found, key, *names):
    """(median, label) of each name that has this figure."""
    return [(found[name][key]["median"], label) for label, name in names if key in found.get(name, {})]


def tables_of_events(found):
    for key, state in (("event", "nobody drains"), ("event_drained", "drained")):
        for threads in (1, 2, 4, 8):
            names = {name: f"{key}/{name}/threads:{threads}" for name in ("stamp", "tidemark", "lttng", "socket")}
            rows = {name: found.get(full, {}).get("p50_ns") for name, full in names.items()}
            if rows["tidemark"]:
                yield threads, f"{threads} thread{'s' if threads > 1 else ''}, {state}", rows


def event_rows(found):
    every = list(tables_of_events(found))

    def against(rival, wanted):
        return [(ratios(rows[rival], rows["tidemark"])["median"], label) for threads, label, rows in every
                if wanted(threads) and rows[rival]]  # fmt: skip

    above = [(rows["tidemark"]["median"] - rows["stamp"]["median"], label) for _, label, rows in every if rows["stamp"]]
    empty = found.get("disabled/empty_loop", {}).get("ns", {}).get("median", 0)

    def off(name):
        return [(figure - empty, "less the empty loop") for figure, _ in medians(found, "ns", ("", f"disabled/{name}"))]

    return [
        bound("one event: ≤ 4 ns above its time stamp", above, 4, unit=" ns"),
        bound("cheaper than LTTng-UST, one thread: ≥ 6 ×", against("lttng", lambda n: n == 1), 6, bare_ratio, False, " ×"),
        bound("cheaper than LTTng-UST, several threads: ≥ 4 ×", against("lttng", lambda n: n > 1), 4, bare_ratio, False, " ×"),
        bound("cheaper than 112 bytes over a socket: ≥ 50 ×", against("socket", lambda n: True), 50, bare_ratio, False, " ×"),
        bound("switched off, in line (producer.hpp): ≤ 1 ns", off("inline_allocation"), 1, unit=" ns"),
        bound("switched off, a call (producer.h): ≤ 1 ns", off("allocation"), 1, unit=" ns"),
    ]


def way_rows(found):
    lane = found.get("lane/tidemark", {}).get("ns")
    rivals = (("boost", "lane/boost_spsc_queue"), ("ReaderWriterQueue", "lane/moodycamel_readerwriterqueue"))
    faster = [(ratios(lane, found[name]["ns"], True)["median"], label) for label, name in rivals if lane and name in found]
    whole = [(label, key, row["ns"], alone) for label, key, row, alone in pipeline_rows(found)]
    left = [(ratios(ns, alone, True)["median"], label) for label, _, ns, alone in whole if alone]

    def rate(buffers):
        return [(1e3 / ns["median"], label) for label, key, ns, _ in whole if key.endswith(f"/{buffers}")]

    return [
        bound("the lane: faster than boost's queue and ReaderWriterQueue", faster, 1, bare_ratio, False, " ×"),
        bound("the whole way: ≥ 0.6 of the live table alone", left, 0.6, bare_ratio, False),
        bound("the same, 10,000 buffers: ≥ 25 million a second", rate(10_000), 25, most=False),
        bound("the same, 1,000,000 buffers: ≥ 12 million a second", rate(1_000_000), 12, most=False),
    ]


def reading_rows(found):
    row = (("", "query/device_row"),)
    rows = [bound("a row from another process: ≤ 10 ns, median", medians(found, "p50_ns", *row), 10, unit=" ns"),
            bound("the same, 99 %: ≤ 50 ns", medians(found, "p99_ns", *row), 50, unit=" ns")]  # fmt: skip
    for state in ("idle", "busy"):
        name = (("", f"latency/tidemark/{state}"),)
        for key, title, limit in (("p50_ns", "median", 20), ("p99_ns", "99 %", 200)):
            values = [(figure / 1e3, label) for figure, label in medians(found, key, *name)]
            asked = f"from an append until it can be read, {state}, {title}: ≤ {limit} µs"
            rows.append(bound(asked, values, limit, unit=" µs"))
    return rows


def steps_of(found, key):
    """What each tenfold costs against the size before."""
    return [(ratios(now[key], before[key])["median"], f"{size:,} {label_of(what)}")
            for what, rows in growing(found).items() for (_, before), (size, now) in zip(rows, rows[1:])
            if key in now and key in before]  # fmt: skip


def cost_rows(results):
    found = results["benchmarks"]
    shapes = (("in spurts", "steady/tidemark/in_spurts"), ("evenly", "steady/tidemark/evenly"))
    steady = [(share * 100, label) for share, label in medians(found, "together_share", *shapes)]
    waiting = [run for run in results["idle"] if not run.get("polls") and not run.get("who")]
    rings = [(ratios(run["cpu_share"], waiting[0]["cpu_share"])["median"], f"{run['rings']:,} against {waiting[0]['rings']:,}")
             for run in waiting[1:]]  # fmt: skip
    return [
        bound("100,000 events a second: ≤ 1 % of a processor, all together", steady, 1, unit=" %"),
        bound("an idle collector: cost independent of rings (≤ 1.3 ×)", rings, ALLOWED, bare_ratio, unit=" ×"),
        *(bound(f"{title}: ≤ {ALLOWED} × for each tenfold of what else there is", steps_of(found, key), ALLOWED, bare_ratio,
                unit=" ×") for key, title, _ in FIGURES),
    ]


def wall_row(found, title):
    """Nothing is told where the plain runs differ by more than what the aim is away."""
    ratio = found["ways"]["tidemark"]["wall_ratio"]
    measured = [(ratio["median"], spread(ratio, bare_ratio))]
    row = bound(f"{title}: ≤ {MOST_WALL} × wall time", measured, MOST_WALL, bare_ratio, unit=" ×")
    if (apart := noise(found)) > abs(ratio["median"] - MOST_WALL):
        row[1] += f"; the plain runs differ by {apart * 100:.0f} %"
        row[2] = "can't be told"
    return row


def program_rows(results):
    found, programs = results["benchmarks"], results["programs"]
    rows = [wall_row(programs[name], title) for name, title in PROGRAMS
            if "tidemark" in programs.get(name, {}).get("ways", {})]  # fmt: skip
    shares = [(name, title, share_of_heaptrack(programs[name])) for name, title in PROGRAMS if name in programs]
    told = [(share["median"], title) for _, title, share in shares if share]
    rows.append(bound("of heaptrack's overhead: ≤ 0.08", told, 0.08, bare_ratio))
    unknown = [title for name, title, share in shares if share is None and "heaptrack" in programs[name]["ways"]]
    if unknown and rows[-1][1] != "not measured":
        rows[-1][1] += f"; can't be told of {', '.join(unknown)}"
    elif unknown:
        rows[-1][1] = "can't be told"
    ring = medians(found, "bytes", ("", "memory/ring_a_thread/1"))
    buffer = medians(found, "everything_bytes", ("", "memory/account_a_buffer/1000000"))
    return rows + [
        bound("rings of a busy thread: ≤ 1 MiB", [(size / 1048576, label) for size, label in ring], 1, unit=" MiB"),
        bound("the collector, a live buffer, everything counted: ≤ 96 bytes", buffer, 96, unit=" bytes"),
    ]


def aims_section(results):
    found = results["benchmarks"]
    rows = event_rows(found) + way_rows(found) + reading_rows(found) + cost_rows(results) + program_rows(results)
    text = (f"By medians of this run, of several rows the worst. Why some are missed, and what would get there: "
            "[decisions/aims.md](decisions/aims.md).")  # fmt: skip
    cells = [[told or "–", title, figure] for title, figure, told in rows]
    return ["## Aims", "", text, ""] + table(["", "aim", "measured"], cells) + [""]
