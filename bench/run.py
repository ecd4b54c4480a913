#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Tidemark against its rivals, all in one run, and writes the figures as JSON and as docs/benchmarks.md.

Builds nothing: `./dev bench` does that first. Takes about fifteen minutes; Ctrl-C ends it. The machine should have
nothing else to do: what was measured while others were busy is measured again, and docs/ is left as it is if that did not
help."""
import argparse
import json
import os
import sys
import time

import machine
import quiet
import report
from sections import SECTIONS
from unit import Bed, Notes

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TRIES = 2
LONGEST = 1500  # seconds of a run, after which nothing is measured again


def say(text):
    print(text, flush=True)


def disturbance(told):
    text = f"others had {told['foreign'] * 100:.0f} % of a processor"
    return text + (f", the hypervisor {told['stolen'] * 100:.0f} %" if told["stolen"] >= 0.005 else "")


class Run:
    def __init__(self, bin_dir, smoke, only):
        self.bed = Bed(bin_dir, smoke)
        self.only = only
        self.begun = time.monotonic()
        self.results = {"schema": 2, "smoke": smoke, "only": only, "benchmarks": {}, "idle": [], "programs": {}}
        self.results |= {"sections": {}, "absent": [], "failures": []}
        self.compiler = "of unknown version"

    def attempt(self, unit):
        notes, watch = Notes(), quiet.Watch()
        found = unit.measure(self.bed, notes)
        return found, notes, watch.told()

    def unit(self, unit):
        """The least disturbed of some attempts."""
        best = self.attempt(unit)
        for tries in range(2, TRIES + 1):
            if self.bed.smoke or not quiet.is_disturbed(best[2]) or time.monotonic() - self.begun > LONGEST:
                break
            say(f"  {disturbance(best[2])}; again")
            quiet.wait()
            best = min(best, self.attempt(unit), key=lambda one: one[2]["foreign"] + one[2]["stolen"])
            best[2]["tries"] = tries
        return best

    def section(self, name):
        section, units, begun = SECTIONS[name], [], time.monotonic()
        quiet.adopt(section.always)
        for unit in section.units:
            say(": ".join(filter(None, (name, unit.name))))
            found, notes, told = self.unit(unit)
            units.append({"name": unit.name, "tries": 1, **told, "disturbed": quiet.is_disturbed(told)})
            self.keep(found, notes)
        seconds = time.monotonic() - begun
        say(f"  {seconds:.1f} s")
        self.results["sections"][name] = {"order": section.order, "seconds": seconds, "units": units}

    def keep(self, found, notes):
        for part, more in found.items():
            if isinstance(more, list):
                self.results.setdefault(part, []).extend(more)
            else:
                self.results.setdefault(part, {}).update(more)
        self.results["failures"] += notes.failures
        self.results["absent"] += [gone for gone in notes.gone if gone not in self.results["absent"]]
        self.compiler = notes.compiler or self.compiler

    def all(self):
        load = os.getloadavg()[0]
        for name, section in SECTIONS.items():
            if name in self.only if self.only else section.always or self.bed.smoke:
                self.section(name)
        self.results["machine"] = machine.describe(self.compiler, load)
        self.results["seconds"] = time.monotonic() - self.begun

    def disturbed(self):
        """Names of what others disturbed, however often it was measured. An instant says nothing."""
        if self.bed.smoke:
            return []
        found = [(name, unit) for name, section in self.results["sections"].items() for unit in section["units"]]
        return [": ".join(filter(None, (name, unit["name"]))) for name, unit in found
                if unit["disturbed"] and SECTIONS[name].always]  # fmt: skip


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    say(f"wrote {os.path.relpath(path)}")


def write_page(folder, results):
    write(os.path.join(folder, "benchmarks.md"), report.page(results))
    for name, plot in report.plots(results).items():
        write(os.path.join(folder, "benchmarks", name), plot)


def write_results(path, results):
    write(path, json.dumps(results, indent=1) + "\n")


def finish(run, options):
    """Writes what there is; the exit status."""
    results, disturbed = run.results, run.disturbed()
    for name in disturbed:
        say(f"disturbed: {name}")
    kind = "bench-smoke" if options.smoke else "bench-only" if options.only else "bench"
    out = options.out or os.path.join(ROOT, "build", kind)
    write_results(os.path.join(out, "results.json"), results)
    for_docs = not (options.only or options.out or options.smoke)
    refused = for_docs and bool(disturbed) and not options.anyway
    if options.only:
        say("\n" + report.tables(results))
    else:
        write_page(out, results)
    if refused:
        say("docs/ is left as it is: others were busy meanwhile; `./dev bench --anyway` writes it all the same")
    elif for_docs:
        write_page(os.path.join(ROOT, "docs"), results)
        write_results(os.path.join(ROOT, "docs", "benchmarks", "results.json"), results)
    say(f"{results['seconds']:.0f} s, {len(results['failures'])} failed")
    return 1 if results["failures"] or refused else 0


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="run everything for an instant; figures mean nothing")
    several = "measure this alone and print its tables; may be given several times: " + ", ".join(SECTIONS)
    parser.add_argument("--only", metavar="SECTION", action="append", choices=SECTIONS, default=[], help=several)
    parser.add_argument("--anyway", action="store_true", help="write docs/ although the machine was disturbed")
    parser.add_argument("--with-rivals", action="store_true", help="`./dev bench` installs rivals first")
    parser.add_argument("--out", metavar="FOLDER", help="write results.json and benchmarks.md there")
    return parser.parse_args(arguments)


def main():
    options = options_of(sys.argv[1:])
    bin_dir = os.environ.get("TIDEMARK_BIN_DIR") or os.path.join(ROOT, "build", "release", "bin")
    run = Run(bin_dir, options.smoke, options.only)
    try:
        run.all()
    except KeyboardInterrupt:
        say("interrupted; nothing was written")
        return 130
    return finish(run, options)


if __name__ == "__main__":
    sys.exit(main())
