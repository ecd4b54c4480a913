# SPDX-License-Identifier: Apache-2.0
"""What every section of the page is made of: tables, how a figure is written, ratios with their spread."""
import statistics

SINGLE_STEP = 10.0  # ns; of the processor's counter, where a run does not tell


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 1 else "--:" for i in range(len(head))) + "|"]
    lines[1] = lines[1].replace("--:|---", "--:|:--", 1)
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def bare_ratio(value):
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def ratio(value):
    return f"**{bare_ratio(value)}**"


def million(nanoseconds):
    return number(1e3 / nanoseconds)


def spread(figure, show):
    low, high = sorted((show(figure["low"]), show(figure["high"])), key=lambda text: float(text.replace(",", "")))
    return f"{low} to {high}"


def scaled(figure, factor):
    return {end: figure[end] * factor for end in ("median", "low", "high")}


def ratios(figure, base, inverse=False):
    """Of each repetition to the base's in the same round; of the medians alone where the run did not keep those."""
    these, those = figure.get("values", ()), base.get("values", ())
    if len(these) == len(those) > 1 and min(min(these), min(those)) > 0:
        each = [b / a if inverse else a / b for a, b in zip(these, those)]
        return {"median": statistics.median(each), "low": min(each), "high": max(each)}
    a, b = figure["median"], base["median"] or 1e-9
    return {"median": b / (a or 1e-9) if inverse else a / b}


def ratio_cells(figure, base, inverse=False):
    """The ratio and its spread; what is compared with itself has none."""
    if figure is base:
        return [ratio(1), ""]
    found = ratios(figure, base, inverse)
    return [ratio(found["median"]), spread(found, bare_ratio) if "low" in found else ""]


def single(nanoseconds, step):
    """A figure of one event or query, which the processor's counter only tells in steps."""
    return f"< {step:.0f}" if nanoseconds < step / 2 else number(nanoseconds)


def step_of(found):
    """One step of the counter: the least that any single event or query took and that was not nothing."""
    told = [row["step_ns"]["median"] for row in found.values() if "step_ns" in row]
    seen = [row[key]["low"] for name, row in found.items() if name.startswith(("event", "query/"))
            for key in ("p99_ns", "p999_ns") if key in row and row[key]["low"] > 1]  # fmt: skip
    return told[0] if told else min(seen, default=SINGLE_STEP)


def footer(results, section, figure=None):
    """The command that repeats a table, how often each row was measured and in what order."""
    order = results.get("sections", {}).get(section, {}).get("order")
    times = len((figure or {}).get("values", ()))
    said = f" {times} repetition{'s' if times > 1 else ''}" + (f", {order}." if order else ".") if times else ""
    return ["", f"`./dev bench --only {section}`" + (":" + said if said else ""), ""]


def absent(title):
    return [f"## {title}", "", "Not measured in this run.", ""]
