# SPDX-License-Identifier: Apache-2.0
"""The page's part on what an event and its drain cost as other things grow tenfold: a table and two plots."""
import re

from page_parts import absent, footer, number, ratio_cells, spread, table
from plot import svg

LABELS = {
    "programs": "idle programs, each a ring",
    "threads": "idle threads, each a lane",
    "active_programs": "programs that make events, 10,000 buffers of all",
    "live": "live buffers",
}
FIGURES = (("p50_ns", "one event", "scaling-event.svg"), ("drain_ns", "the drain, an event", "scaling-drain.svg"))
ALLOWED = 1.3  # for each tenfold


def growing(found):
    """{what grows: [(size, its figures), ...]}, sizes ascending."""
    rows = {}
    for name, row in found.items():
        if told := re.fullmatch(r"scaling/(\w+)/(\d+)", name):
            rows.setdefault(told[1], []).append((int(told[2]), row))
    known = [what for what in LABELS if what in rows]
    others = [what for what in rows if what not in LABELS]
    return {what: sorted(rows[what], key=lambda one: one[0]) for what in known + others}


def label_of(what):
    return LABELS.get(what, what.replace("_", " "))


def plots(found):
    """{file name: SVG} of what was measured."""
    made = {}
    for key, title, file in FIGURES:
        lines = {}
        for what, rows in growing(found).items():
            some = [(size, row[key]) for size, row in rows if key in row]
            if len(some) > 1:
                lines[f"{label_of(what)}, from {some[0][0]:,}"] = [(size / some[0][0], figure) for size, figure in some]
        if lines:
            made[file] = svg(f"Cost of {title}", "ns, lowest to highest", "times the first size", lines, ALLOWED)
    return made


def row_cells(row, before):
    cells = []
    for key, _, _ in FIGURES:
        if key not in row:
            cells += ["N/A", "", ""]
            continue
        to_before = ratio_cells(row[key], before[key]) if before and key in before else ["", ""]
        compared = to_before[0] + (f" ({to_before[1]})" if to_before[1] else "")
        cells += [number(row[key]["median"]), spread(row[key], number), compared]
    return cells + [number(row["drain_misses"]["median"]) if "drain_misses" in row else "N/A"]


def scaling_section(results):
    title, found = "As other things grow", results["benchmarks"]
    cells, first = [], None
    for what, rows in growing(found).items():
        before = None
        for size, row in rows:
            cells.append([f"{size:,}", label_of(what), *row_cells(row, before)])
            before, first = row, first or row
    if not cells:
        return absent(title)
    lines = [f"## {title}", "", "An event at a million a second of all programs together (median of bursts), and the collector's "
             "processor time an event while as many come as can, each tenfold bigger than the row before.", ""]  # fmt: skip
    head = ["size", "what", "event ns", "spread", "to the row before", "drain ns", "spread", "to the row before", "misses"]
    counted = any("drain_misses" in row for rows in growing(found).values() for _, row in rows)
    more = "." if counted else "; this machine counts none, see those that are simulated."
    lines += table(head, cells) + ["", "*Misses*: cache misses of the collector an event" + more]
    for _, name, file in FIGURES:
        if file in plots(found):
            lines += ["", f"![{name}](benchmarks/{file})"]
    return lines + footer(results, "scaling", first["ns"])
