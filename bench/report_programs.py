# SPDX-License-Identifier: Apache-2.0
"""The page's sections on whole programs: what trackers cost them in time and in memory."""
import statistics

from page_parts import absent, bare_ratio, footer, number, ratio_cells, spread, table
from plot import ranges

# (name, its words before the table)
PROGRAMS = (
    ("python", "`python3` with its own allocator, 200,000 rows"),
    ("python_malloc", "`python3` with `PYTHONMALLOC=malloc`, 200,000 rows"),
    ("python_malloc_rounds", "`python3` with `PYTHONMALLOC=malloc`, 50 rounds of 4,000 rows"),
    ("sqlite3", "`sqlite3`"),
    ("g++", "`g++`"),
    ("redis", "`redis-server` under `redis-benchmark`"),
    ("storm", "a storm of two threads"),
)
WAYS = (
    ("plain", "plain"),
    ("busy", "plain, another processor busy"),
    ("tidemark", "`tidemark run`"),
    ("stacks", "`tidemark run --stacks`"),
    ("heaptrack", "heaptrack"),
    ("lttng", "LTTng's libc wrapper, buffers overwritten"),
    ("valgrind", "valgrind, a small input"),
)
TEXT = (
    "`python3` builds rows, writes them as JSON, reads that back and drops it all: with its own allocator, as "
    "everybody runs it, which asks libc for little; and with every object an allocation of its own "
    "(`PYTHONMALLOC=malloc`), once with more rows than the processor's caches hold, and in many rounds of few rows, "
    "where the allocator is most of what is at work: the worst that a tracker can be asked. `sqlite3` fills, indexes "
    "and thins a table in memory; `g++` compiles a small program (heaptrack follows the first process only: that is "
    "its driver); `redis-server` answers `redis-benchmark`; the storm's two threads do nothing but allocate and free, "
    "20 million pairs each.\n\nBefore the first round each way runs once, not timed. Then each run is compared with "
    "the plain run of its own round. CPU time is that of everything that was started, the collector's too. *Another "
    "processor busy*: the plain run beside a process that counts and touches no memory: what a busy neighbour alone "
    "costs. heaptrack walks the call stack of every allocation, which Tidemark does only where it is asked to: "
    "`--stacks` records 16 frames, and looks for the names of those that are left at the end. valgrind is there for "
    "scale: once, with a small input, against the plain run of that. *ns more an event* is left out where a way adds "
    "less than plain runs differ by."
)


def noise(found):
    """How far the plain runs are from each other, as a share of their median."""
    wall = found["ways"]["plain"]["wall"]
    return (wall["high"] - wall["low"]) / wall["median"]


def share_of_heaptrack(found):
    """What Tidemark adds to the plain run, as a share of what heaptrack adds, round by round. None: can't be told, since one of
    them adds less than plain runs differ by."""
    ours, theirs = (found["ways"].get(name, {}).get("wall_ratio") for name in ("tidemark", "heaptrack"))
    if not ours or not theirs or min(ours["median"], theirs["median"]) - 1 <= noise(found):
        return None
    told = {"median": (ours["median"] - 1) / (theirs["median"] - 1)}
    pairs = zip(ours.get("values", ()), theirs.get("values", ()))
    each = [(a - 1) / (b - 1) for a, b in pairs if b > 1]
    return told | ({"median": statistics.median(each), "low": min(each), "high": max(each)} if len(each) > 1 else {})


def overhead(found):
    if "heaptrack" not in found["ways"]:
        return ""
    share = share_of_heaptrack(found)
    if share is None:
        return f"Of heaptrack's overhead: can't be told, the plain runs differ by {noise(found) * 100:.0f} %."
    between = f" ({spread(share, bare_ratio)})" if "low" in share else ""
    return f"Of heaptrack's overhead: **{bare_ratio(share['median'])}**{between}."


def way_cells(found, name, label):
    run, plain = found["ways"][name], found["ways"]["plain"]
    once = ", once" if len(plain["wall"]["values"]) > 1 == len(run["wall"]["values"]) and name != "valgrind" else ""
    wall = [number(run["wall"]["median"]), spread(run["wall"], number)]
    if name == "plain":
        return ["**1.00**", label, "", *wall, "", ""]
    each = (run["wall"]["median"] - plain["wall"]["median"]) / (found["events"] or 1) * 1e9
    ratios = run["wall_ratio"]
    own = spread(ratios, bare_ratio) if len(ratios["values"]) > 1 else ""
    untold = name in ("valgrind", "busy") or ratios["median"] - 1 <= noise(found)
    return [f"**{bare_ratio(ratios['median'])}**", label + once, own, *wall, "" if untold else number(each),
            bare_ratio(run["cpu_ratio"]["median"])]  # fmt: skip


def one_program(found, title):
    cells = [way_cells(found, name, label) for name, label in WAYS if name in found["ways"]]
    head = ["ratio of wall time", "against: plain", "its spread", "wall s", "spread", "ns more an event", "ratio of CPU time"]
    kept = "exact" if found["exact"] and not found["lost"] else "not exact"
    rate = found["events"] / found["ways"]["plain"]["wall"]["median"] / 1e6
    said = f"{found['events']:,} events, {number(rate)} million a second of the plain run; lost: {found['lost']}, figures {kept}."
    return [f"**{title}:**", ""] + table(head, cells) + ["", f"{said} {overhead(found)}".strip(), ""]


def starting(found):
    """What is spent before a program does anything, and after it."""
    plain = found["ways"]["plain"]["wall"]["median"]
    cells = [[number((run["wall"]["median"] - plain) * 1e3), label, number(run["wall"]["median"] * 1e3),
              spread({end: run["wall"][end] * 1e3 for end in ("low", "high")}, number)]
             for name, label in WAYS if name not in ("busy",) and (run := found["ways"].get(name))]  # fmt: skip
    return ["**`true`**, which does nothing: what starting and ending cost, part of every figure above.", ""] + table(
        ["ms more", "way", "wall ms", "spread"], cells) + [""]  # fmt: skip


PLOTTED = (("busy", "plain, neighbour busy"), ("tidemark", "tidemark run"), ("stacks", "tidemark run --stacks"),
           ("heaptrack", "heaptrack"), ("lttng", "LTTng's libc wrapper"))  # fmt: skip


def plot(programs):
    rows = []
    for name, title in PROGRAMS:
        ways = programs.get(name, {}).get("ways", {})
        if some := {label: ways[way]["wall_ratio"] for way, label in PLOTTED if way in ways}:
            rows.append((title.replace("`", ""), some))
    title = "Wall time against the plain run of the same round"
    return ranges(title, "times, lowest to highest", (1.15, "1.15 ×"), rows) if rows else ""


def program_section(results):
    programs = results["programs"]
    if not programs:
        return absent("Whole programs")
    lines = ["## Whole programs", "", *TEXT.split("\n"), ""]
    if plot(programs):
        lines += ["![wall time of whole programs](benchmarks/programs.svg)", ""]
    for name, title in PROGRAMS:
        lines += one_program(programs[name], title) if name in programs else []
    if "true" in programs:
        lines += starting(programs["true"])
    counts = [len(found["ways"]["plain"]["wall"]["values"]) for found in programs.values()]
    least = {"values": [0] * min(counts)}
    return lines[:-1] + footer(results, "programs", least)


# (label, row, figure): what is counted besides pages of one object
EVERYTHING = (
    ("the collector at rest: all its objects and its private memory", "collector_at_rest", "bytes"),
    ("the same with a million live buffers, a live buffer", "account_a_buffer/1000000", "everything_bytes"),
)


def memory_section(results):
    found, whole = results["benchmarks"], results.get("memory")
    lines = ["## Memory", "", "Pages of `/dev/shm` that hold something: of a program's ring segment, after its threads have made "
             "events faster than they were drained; of the collector's account, with a million live "
             "buffers.", ""]  # fmt: skip
    rows = (("ring segment, one busy thread", "ring_a_thread/1"), ("ring segment, 8 busy threads, each", "ring_a_thread/8"),
            ("account, a live buffer", "account_a_buffer/1000000"))  # fmt: skip
    shown = [(label, found["memory/" + key]["bytes"]) for label, key in rows if "memory/" + key in found]
    for label, key, what in EVERYTHING:
        if what in found.get(f"memory/{key}", {}):
            shown.append((label, found[f"memory/{key}"][what]))
    cells = [[f"{figure['median']:,.0f}", label, spread(figure, lambda value: f"{value:,.0f}")] for label, figure in shown]
    lines += table(["bytes", "of", "spread"], cells) if cells else ["Not measured in this run."]
    lines += footer(results, "memory", shown[0][1] if shown else None)
    if not whole:
        return lines
    lines += [f"While a program holds {whole['buffers']:,} blocks of 48 bytes: what it and all that was started with it take "
              "(PSS), less what the program by itself takes, for each of its blocks.", ""]  # fmt: skip
    cells = []
    for name, label in WAYS:
        if name in ("tidemark", "heaptrack") and name in whole:
            value, own = ratio_cells(whole[name], whole["tidemark"])
            cells.append([value, label, own, number(whole[name]["median"]), spread(whole[name], number)])
    head = ["ratio", "against: `tidemark run`", "its spread", "bytes a buffer", "spread"]
    return lines + table(head, cells) + footer(results, "memory", whole["tidemark"])
