# SPDX-License-Identifier: Apache-2.0
"""The page's part on what an event and its drain cost as other things grow tenfold: a table and two plots."""
from page_parts import number, ratio, spread, table
from plot import svg

GROWING = (
    ("programs", "idle programs, each a ring", (1, 10, 100, 1000)),
    ("threads", "idle threads, each a lane", (1, 10, 100, 1000)),
    ("live", "live buffers", (1_000, 10_000, 100_000, 1_000_000)),
)
FIGURES = (("p50_ns", "one event", "scaling-event.svg"), ("drain_ns", "the drain, an event", "scaling-drain.svg"))


def rows_of(found, name, sizes):
    return [(size, found[f"scaling/{name}/{size}"]) for size in sizes if f"scaling/{name}/{size}" in found]


def plots(found):
    """{file name: SVG} of what was measured."""
    made = {}
    for key, title, file in FIGURES:
        lines = {}
        for name, label, sizes in GROWING:
            rows = rows_of(found, name, sizes)
            if len(rows) > 1:
                lines[label] = [(index, row[key]["median"]) for index, (_, row) in zip((1, 10, 100, 1000), rows)]
        if lines:
            made[file] = svg(f"Cost of {title} over growth from the first size", "ns", lines)
    return made


def scaling_section(found):
    lines = ["## As other things grow", "", "An event at a million a second (median of bursts), and the collector's processor time "
             "an event while as many come as can, each tenfold bigger than the row before.", ""]  # fmt: skip
    cells, misses = [], False
    for name, label, sizes in GROWING:
        before = None
        for size, row in rows_of(found, name, sizes):
            cell = []
            for key, _, _ in FIGURES:
                now = row[key]["median"]
                cell += [number(now), spread(row[key], number), ratio(now / before[key]["median"]) if before else ""]
            misses = misses or "drain_misses" in row
            missed = number(row["drain_misses"]["median"]) if "drain_misses" in row else "N/A"
            cells.append([f"{size:,}", label] + cell + [missed])
            before = row
    if not cells:
        return lines + ["Not measured in this run.", ""]
    head = ["size", "what", "event ns", "spread", "to the row before", "drain ns", "spread", "to the row before", "misses"]
    lines += table(head, cells) + ["", "*Misses*: cache misses of the collector an event" + ("." if misses else "; this machine "
             "counts none.")]  # fmt: skip
    for _, title, file in FIGURES:
        if file in plots(found):
            lines += ["", f"![{title}](benchmarks/{file})"]
    return lines + ["", "`build/release/bin/bench.scaling`", ""]
