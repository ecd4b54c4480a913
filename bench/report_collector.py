# SPDX-License-Identifier: Apache-2.0
"""The page's sections on the collector: the whole way of an event, what waiting costs, simulated cache misses."""
from page_parts import absent, footer, million, number, ratio_cells, ratios, scaled, spread, table

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


PIPELINE_TEXT = (
    "Events applied and published a second, from programs that append as fast as they can to the stats segment, on as "
    "many processors as there are. Against the live table with its journal alone, fed from memory, with as many live "
    "buffers (scattered; those of the rows \"ever more\" and \"another allocates\": a million, a thousand). *Lost*: "
    "after waiting for space in vain."
)


def alone_of(found, key, live):
    """The live table alone: of the same program in the same round, else of bench.apply."""
    names = (f"pipeline/alone/{key}", f"pipeline/alone/{live}", f"pipeline/alone/scattered/{live}",
             f"apply/live_table/scattered/{live}")  # fmt: skip
    return next((found[name]["ns"] for name in names if name in found), None)


def pipeline_rows(found):
    """(label, key, nanoseconds an event, those of the table alone) of what was measured."""
    rows = [(label, key, found.get(f"pipeline/{key}"), alone_of(found, key, live)) for label, key, live in PIPELINE_ROWS]
    return [(label, key, row, alone) for label, key, row, alone in rows if row]


def pipeline_section(results):
    rows = pipeline_rows(results["benchmarks"])
    if not rows:
        return absent("The whole way")
    cells = []
    for label, _, row, alone in rows:
        compared = ratio_cells(row["ns"], alone, True) if alone else ["N/A", ""]
        cells.append([compared[0], label, compared[1], million(row["ns"]["median"]), spread(row["ns"], million),
                      million(alone["median"]) if alone else "N/A", number(row["lost"]["high"])])  # fmt: skip
    head = ["ratio", "against: live table alone", "its spread", "million a second", "spread", "live table alone", "lost"]
    lines = ["## The whole way", "", PIPELINE_TEXT, ""] + table(head, cells)
    if pipeline_ranges(results["benchmarks"]):
        lines += ["", "![the whole way against the live table alone](benchmarks/pipeline.svg)"]
    return lines + footer(results, "pipeline", rows[0][2]["ns"])


def pipeline_ranges(found):
    """For the plot: the share of the live table's speed that is left."""
    return [(label, ratios(row["ns"], alone, True)) for label, _, row, alone in pipeline_rows(found) if alone]


def idle_section(results):
    title, runs = "Idle collector", results["idle"]
    if not runs:
        return absent(title)
    base, cells = runs[0]["cpu_share"], []
    for run in runs:
        share = run["cpu_share"]
        value, own = ratio_cells(share, base)
        cells.append([value, f"{run['rings']:,} {run.get('who') or ('polled' if run.get('polls') else 'attached')}", own,
                      f"{share['median'] * 100:.3f}", spread(scaled(share, 100), lambda part: f"{part:.3f}"),
                      number(run["wakeups_a_second"]["median"])])  # fmt: skip
    text = ("`tidemarkd` with so many attached rings whose processes do nothing, all beside each other; a process that looks at "
            "as many rings every millisecond; LTTng's consumer with so many programs that do nothing: share of one "
            "processor, user and system time of all its threads.")  # fmt: skip
    head = ["ratio", "rings", "its spread", "CPU %", "spread", "wake-ups a second"]
    return [f"## {title}", "", text, ""] + table(head, cells) + footer(results, "idle", base)


MISSED = (("append", "an append"), ("apply", "an event applied, 10,000 live buffers, scattered"), ("read", "a row read"))


def misses_section(results):
    title, found = "Cache misses, simulated", results.get("misses", {})
    if not found:
        return absent(title)
    text = ("This counts no misses of the machine's: callgrind simulates a first level of 32 KiB for data and one for code, "
            "and a last level of 1 MiB, without prefetching, and counts the same everywhere. An append includes its share of emptying the "
            "ring.")  # fmt: skip
    cells = [[number(found[key]["instructions"]), label, *(number(found[key][kind]) for kind in ("data", "code", "last_level"))]
             for key, label in MISSED if key in found]  # fmt: skip
    head = ["instructions", "of", "data misses, first level", "code misses, first level", "misses, last level"]
    return [f"## {title}", "", text, ""] + table(head, cells) + footer(results, "misses")
