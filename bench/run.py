#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Tidemark against its rivals, all in one run, and writes the figures as JSON and as docs/benchmarks.md.

Builds nothing: `./dev bench` does that first. Takes about eleven minutes; Ctrl-C ends it. The machine should have nothing else to do."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

import events
import measure
import memory
import processes
import programs
import report
import report_scaling

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Program, its arguments, whether it has one thread only.
PROGRAMS = (
    ("append", [], True),
    ("append", ["--threads"], True),
    ("disabled", [], True),
    ("lane", [], False),
    ("monitor", [], False),
    ("apply", [], True),
    ("publish", [], True),
    ("read", [], False),
    ("query", [], False),
    ("latency", [], False),
    ("steady", [], False),
    ("pipeline", [], False),
    ("scaling", [], False),
    ("memory", [], False),
)
REPETITIONS = {"pipeline": 3, "scaling": 3, "memory": 1}  # five else
IDLE_RINGS = (1, 100, 1000)


def say(text):
    print(text, flush=True)


class Run:
    def __init__(self, bin_dir, smoke):
        self.bin_dir = bin_dir
        self.smoke = smoke
        self.results = {"schema": 1, "smoke": smoke, "benchmarks": {}, "idle": [], "programs": []}
        self.results["absent"] = []
        self.failures = []
        self.compiler = "of unknown version"

    def fail(self, what, why):
        say(f"  {what} failed: {why}")
        self.failures.append({"what": what, "why": str(why)})

    def program(self, question, arguments, single):
        name = " ".join([f"bench.{question}"] + arguments)
        say(name)
        path = os.path.join(self.bin_dir, f"bench.{question}")
        figures, context, reason = measure.run_program([path] + arguments, self.smoke, single,
                                                       REPETITIONS.get(question, 5))  # fmt: skip
        if reason:
            self.fail(name, reason)
        self.compiler = context.get("compiler", self.compiler)
        for key, value in figures.items():
            key = key.replace("append/", "append_threads/") if "--threads" in arguments else key
            self.results["benchmarks"][key] = value

    def idle(self):
        for rings in (1,) if self.smoke else IDLE_RINGS:
            say(f"idle collector, {rings} ring{'s' if rings > 1 else ''}")
            for one in (processes.idle, processes.polling):
                try:
                    self.results["idle"].append(one(self.bin_dir, rings, 0.2 if self.smoke else 5.0))
                except (OSError, RuntimeError) as failure:
                    self.fail(f"idle collector, {rings} rings", failure)
        say("LTTng's consumer, idle")
        try:
            consumer = programs.Programs(self.bin_dir, self.smoke, self).idle_consumer(0.2 if self.smoke else 5.0)
            self.results["idle"] += [consumer] if consumer else []
        except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
            self.fail("LTTng's consumer, idle", failure)

    def whole_program(self):
        say("python3 under tidemark run" + (" and heaptrack" if shutil.which("heaptrack") else ""))
        try:
            for rounds, rows in ((1, 2000), (2, 1000)) if self.smoke else ((1, 200_000), (50, 4000)):
                found = processes.whole_program(self.bin_dir, (rounds, rows), 1 if self.smoke else 5)
                self.results["programs"].append(found)
        except (OSError, RuntimeError, ValueError, KeyError) as failure:
            self.fail("python3 under tidemark run", failure)

    def memory(self):
        say("a program that holds many buffers, under trackers: memory")
        try:
            self.results["memory"] = memory.of_trackers(self.bin_dir, self.smoke)
        except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
            self.fail("memory under trackers", failure)

    def absent(self, rival, why):
        self.results["absent"].append({"rival": rival, "why": why})

    def name_absent(self):
        if not shutil.which("heaptrack"):
            self.absent("heaptrack", "not installed; `./dev bench --with-rivals` installs it")
        if self.results["benchmarks"] and "lane/moodycamel_readerwriterqueue" not in self.results["benchmarks"]:
            self.absent("moodycamel ReaderWriterQueue", "its header was not there when the benchmarks were built")

    def all(self):
        begun = time.monotonic()
        load = os.getloadavg()[0]
        for question, arguments, single in PROGRAMS:
            self.program(question, arguments, single)
        say("one event, against rivals")
        self.results["benchmarks"].update(events.Events(self.bin_dir, self.smoke, self).all())
        self.idle()
        self.whole_program()
        say("sqlite3, g++, redis, a storm under trackers")
        self.results["more_programs"] = programs.Programs(self.bin_dir, self.smoke, self).all()
        self.memory()
        self.name_absent()
        self.results["machine"] = measure.machine(self.compiler, load)
        self.results["failures"] = self.failures
        self.results["seconds"] = time.monotonic() - begun


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    say(f"wrote {os.path.relpath(path)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="run everything for an instant; figures mean nothing")
    parser.add_argument("--with-rivals", action="store_true", help="`./dev bench` installs rivals first")
    parser.add_argument("--out", metavar="FOLDER", help="write results.json and benchmarks.md there")
    options = parser.parse_args()
    bin_dir = os.environ.get("TIDEMARK_BIN_DIR") or os.path.join(ROOT, "build", "release", "bin")
    out = options.out or os.path.join(ROOT, "build", "bench-smoke" if options.smoke else "bench")
    run = Run(bin_dir, options.smoke)
    try:
        run.all()
    except KeyboardInterrupt:
        say("interrupted; nothing was written")
        return 130
    write(os.path.join(out, "results.json"), json.dumps(run.results, indent=1) + "\n")
    page = out if options.out or options.smoke else os.path.join(ROOT, "docs")
    write(os.path.join(page, "benchmarks.md"), report.page(run.results))
    for name, plot in report_scaling.plots(run.results["benchmarks"]).items():
        write(os.path.join(page, "benchmarks", name), plot)
    say(f"{run.results['seconds']:.0f} s, {len(run.failures)} failed")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
