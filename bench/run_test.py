#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The harness itself: what is said of figures that are too near to each other, what a disturbed run leaves alone, and
what `--only` shows. No time is asserted."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time

import quiet
import report
import report_programs
import run
from measure import figures_of, summary
from page_parts import ratio_cells, ratios, single, step_of
from unit import Section, Unit

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")


def row(name, rate, **counters):
    return {"run_type": "iteration", "run_name": name, "items_per_second": rate, "iterations": 1, **counters}


def program(plain, ours, theirs):
    ways = {"plain": plain, "tidemark": ours, "heaptrack": theirs}
    ratio = {name: summary([wall / alone for wall, alone in zip(walls, plain)]) for name, walls in ways.items()}
    return {"ways": {name: {"wall": summary(walls), "wall_ratio": ratio[name]} for name, walls in ways.items()}}


def says_what_cannot_be_told():
    far = report_programs.overhead(program([1.0, 1.01, 1.0], [1.1, 1.11, 1.1], [3.0, 3.03, 3.0]))
    assert far == "Of heaptrack's overhead: **0.050** (0.050 to 0.050).", far
    for ours, theirs in (([0.9, 0.8, 0.95], [1.3, 1.4, 1.35]), ([1.5, 1.6, 1.5], [1.02, 1.2, 1.1])):
        near = report_programs.overhead(program([1.0, 1.4, 1.1], ours, theirs))
        assert near == "Of heaptrack's overhead: can't be told, the plain runs differ by 36 %.", near


def takes_ratios_within_their_round():
    base, other = summary([1.0, 2.0, 4.0]), summary([2.0, 4.0, 12.0])
    assert ratio_cells(other, base) == ["**2.00**", "2.00 to 3.00"], ratio_cells(other, base)
    assert ratio_cells(base, base) == ["**1.00**", ""]
    assert ratios(other, base, inverse=True)["median"] == 0.5
    assert "low" not in ratios(summary([1.0, 2.0]), base), "rounds that are missing have no pairs"


def shows_less_than_a_step_as_such():
    found = {"query/one_counter": {"p99_ns": summary([0.0, 0.0])}, "query/device_row": {"p99_ns": summary([10.0, 20.0])}}
    assert step_of(found) == 10.0
    assert (single(0.0, 10.0), single(10.0, 10.0), single(46.3, 10.0)) == ("< 10", "10.0", "46.3")


def results_of(rows):
    machine = {"date": "", "processors": 1, "processor": "", "load_before": 0.0, "virtual": False}
    return {"benchmarks": figures_of(rows), "programs": {}, "idle": [], "absent": [], "failures": [], "sections": {},
            "smoke": False, "seconds": 1.0, "machine": machine}  # fmt: skip


def takes_rows_it_does_not_know():
    rows = [row("pipeline/pairs/1/1000", 1e7, lost=0.0), row("pipeline/alone/1000", 2e7),
            row("apply/live_table/scattered/1000", 4e7), row("nobody/knows", 1.0, furlongs=2.0),
            *(row(f"query/{name}", 1e8, p50_ns=10.0, p99_ns=20.0) for name in ("device_row", "device_row/without_pause"))]  # fmt: skip
    for size in (1, 10, 100):
        for what in ("active_programs", "what_else"):
            rows.append(row(f"scaling/{what}/{size}", 1.0, p50_ns=20.0, drain_ns=50.0 + size))
    results = results_of(rows)
    assert results["benchmarks"]["nobody/knows"]["furlongs"]["median"] == 2.0
    page = report.page(results)
    assert "| **0.50** | one program, 1,000 buffers |" in page, "the table alone is that of the same program"
    assert "| device row, without pause |" in page
    assert "| 100 | programs that make events, 10,000 buffers of all |" in page and "| 100 | what else |" in page
    for plot in report.plots(results).values():
        assert plot.startswith("<svg ") and plot.endswith("</svg>\n"), plot


class Busy:
    """As quiet.Watch, of a machine with which others are busy for so many looks."""

    left = 0

    def told(self):
        Busy.left -= 1
        return {"seconds": 1.0, "foreign": 0.5 if Busy.left >= 0 else 0.0, "stolen": 0.0}


def finished(folder, looks, *arguments):
    """What a run of one section tells that others disturb for so many looks; `folder` stands for the project's."""
    Busy.left = looks
    kept = run.SECTIONS, run.ROOT, quiet.Watch, quiet.wait
    measured = []
    section = Section("", (Unit("", lambda bed, notes: measured.append(1) or {"benchmarks": figures_of([row("a", 1.0)])}),))
    try:
        run.SECTIONS, run.ROOT, quiet.Watch, quiet.wait = {"one": section}, folder, Busy, lambda: None
        one = run.Run("", False, [])
        with contextlib.redirect_stdout(io.StringIO()) as told:
            one.all()
            status = run.finish(one, run.options_of(arguments))
        return status, len(measured), told.getvalue()
    finally:
        run.SECTIONS, run.ROOT, quiet.Watch, quiet.wait = kept


def leaves_documents_alone_after_a_disturbed_run():
    with tempfile.TemporaryDirectory() as folder:
        page, figures = (os.path.join(folder, "docs", *name) for name in (("benchmarks.md",), ("benchmarks", "results.json")))
        status, times, told = finished(folder, 2)
        assert (status, times) == (1, 2) and "docs/ is left as it is" in told, told
        assert not os.path.exists(page) and os.path.exists(os.path.join(folder, "build", "bench", "benchmarks.md"))
        status, times, told = finished(folder, 1)
        assert (status, times) == (0, 2) and os.path.exists(page), told
        with open(figures, encoding="utf-8") as file:
            assert [unit["tries"] for unit in json.load(file)["sections"]["one"]["units"]] == [2]
        os.unlink(page)
        status, _, told = finished(folder, 2, "--anyway")
        assert status == 0, told
        with open(page, encoding="utf-8") as file:
            assert "Others were busy while this was measured: one." in file.read()


def sees_what_others_use():
    """Somebody who counts and is nobody's child of ours, until it shows."""
    script = "import os, sys\nif os.fork(): os._exit(0)\nos.setsid(); print(os.getpid(), flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        other = int(parent.stdout.readline())
    try:
        watch, end = quiet.Watch(), time.monotonic() + 60
        while (told := watch.told())["foreign"] * told["seconds"] < 0.2:
            assert time.monotonic() < end, told
            time.sleep(0.05)
    finally:
        os.kill(other, 9)


def measures_what_is_asked_for_alone():
    names = ("publish", "disabled")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, RUN, "--smoke", "--out", folder, *(word for name in names for word in ("--only", name))]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        assert ran.returncode == 0, ran
        for told in ("## Publishing", "## Tracking switched off", "`./dev bench --only publish`"):
            assert told in ran.stdout, (told, ran)
        assert "## Reading" not in ran.stdout and os.listdir(folder) == ["results.json"], (ran, os.listdir(folder))
        with open(os.path.join(folder, "results.json"), encoding="utf-8") as file:
            assert sorted(json.load(file)["sections"]) == sorted(names)
    ran = subprocess.run([sys.executable, RUN, "--only", "nonsense"], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2 and "nonsense" in ran.stderr and "publish" in ran.stderr, ran


for test in (says_what_cannot_be_told, takes_ratios_within_their_round, shows_less_than_a_step_as_such,
             takes_rows_it_does_not_know, leaves_documents_alone_after_a_disturbed_run, sees_what_others_use, measures_what_is_asked_for_alone):  # fmt: skip
    test()
    print(f"ok: {test.__name__.replace('_', ' ')}")
