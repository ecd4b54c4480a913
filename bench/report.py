# SPDX-License-Identifier: Apache-2.0
"""The page of a run: tables with the ratio first, each with the command that repeats it. Says nothing that the run did
not measure; what a section asks and what its rivals are is all that is written here by hand."""
from functools import partial

import report_percentiles
import report_scaling
from plot import ranges
from report_aims import aims_section
from report_collector import idle_section, misses_section, pipeline_ranges, pipeline_section
from report_event import event_sections
from report_machine import machine_section, run_section
from report_programs import memory_section, plot, program_section
from report_tables import sections


def of_tables(name):
    return name, partial(sections, name=name)


# The page's order: a section by its name on the command line, and what writes its tables.
PARTS = (
    of_tables("append"),
    ("event", event_sections),
    of_tables("disabled"),
    of_tables("lane"),
    of_tables("monitor"),
    of_tables("apply"),
    of_tables("publish"),
    ("pipeline", pipeline_section),
    ("scaling", report_scaling.scaling_section),
    ("misses", misses_section),
    ("read", report_percentiles.read_section),
    ("query", report_percentiles.query_section),
    ("latency", report_percentiles.latency_section),
    ("steady", report_percentiles.steady),
    ("idle", idle_section),
    ("programs", program_section),
    ("memory", memory_section),
)


def plots(results):
    """{file name: SVG} of what was measured."""
    made = report_scaling.plots(results["benchmarks"])
    if rows := pipeline_ranges(results["benchmarks"]):
        named = [(label, {"the whole way": figure}) for label, figure in rows]
        title, unit = "The whole way against the live table alone", "share of its speed, lowest to highest"
        made["pipeline.svg"] = ranges(title, unit, (0.6, "0.6"), named)
    if svg := plot(results["programs"]):
        made["programs.svg"] = svg
    return made


def missing(results):
    lines = [f"* {gone['rival']}: {gone['why']}" for gone in results["absent"]]
    lines += [f"* failed: {failure['what']}: {failure['why']}" for failure in results["failures"]]
    return lines


def disturbed(results):
    return [": ".join(filter(None, (name, unit["name"]))) for name, section in results.get("sections", {}).items()
            for unit in section["units"] if unit["disturbed"]]  # fmt: skip


def head(results):
    machine = results["machine"]
    lines = ["# Benchmarks", "", "<!-- Written by bench/run.py. `./dev bench` measures again and writes it anew. -->", ""]
    if results["smoke"]:
        return lines + ["**From a run for an instant, to see that it works: these figures mean nothing.**", ""]
    if names := disturbed(results):
        lines += [f"**Others were busy while this was measured: {', '.join(names)}.**", ""]
    place = "a virtual machine" if machine["virtual"] else "a machine"
    return lines + [
        f"Measured on {machine['date']}, in one run of {results['seconds']:.0f} s, on {place} with "
        f"{machine['processors']} processors ({machine['processor']}), load before the run "
        f"{machine['load_before']:.2f}. Absolute times are this machine's; the ratios are what travels.", "",
        "`./dev bench` repeats all of it, `./dev bench --only SECTION` the tables of a section, with the same number "
        "of repetitions (`--with-rivals` installs rivals that are missing). Each figure is a median, *spread* the "
        "lowest and the highest repetition. A ratio is taken within each repetition, and its median and spread shown. "
        "How often and in what order stands below each table. All figures, with those of each repetition: "
        "[results.json](benchmarks/results.json).", "",
    ]  # fmt: skip


def tables(results):
    """Of what was asked for alone."""
    lines = [line for name, part in PARTS if name in results["sections"] for line in part(results)]
    return "\n".join([line for line in lines if not line.startswith("![")] + missing(results))


def page(results):
    lines = head(results) + aims_section(results) + machine_section(results)
    for _, part in PARTS:
        lines += part(results)
    lines += run_section(results) + ["## Not in this run", ""]
    return "\n".join(lines + (missing(results) or ["Nothing that is measured here was left out."])) + "\n"
