#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of one append, one apply and one row read with callgrind, and fails if any has grown by more
than a tenth over guards.json. Not a time: the count is the same on every machine with the same compiler.

`python3 bench/guards.py --renew` writes today's counts; do that with the change that justifies them."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
STORED = os.path.join(HERE, "guards.json")
GUARDED = ("append", "apply", "read")
MOST = 1.10
SKIPPED = 77  # as TidemarkTest.cmake says


def counts(program, what, options=()):
    """What callgrind collects of one of them: {its name of an event: how many}; "Ir" are instructions."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, TIDEMARK_ENABLED="1", TIDEMARK_INSTANCE=f"bench-guard-{os.getpid()}")
        command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--toggle-collect=guarded_{what}",
                   *options, f"--callgrind-out-file={folder}/out", program, what]  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        told = re.search(r"Events +: (.*)\n.*Collected : ([\d ]+)", done.stderr)
        if done.returncode != 0 or not told or int(told[2].split()[0]) == 0:
            raise RuntimeError(f"{' '.join(command)} gave no count: {done.stderr[-300:]}")
        return {name: int(number) / int(done.stdout) for name, number in zip(told[1].split(), told[2].split())}


def verdict(what, counted, stored):
    change = counted / stored
    told = f"{what}: {counted:.1f} instructions, stored {stored:.1f} ({(change - 1) * 100:+.1f} %)"
    if change > MOST:
        print(f"{told}: more than a tenth more; make it cheaper, or `python3 bench/guards.py --renew` and say why")
        return False
    print(told + ("; guards.json can be renewed" if change < 2 - MOST else ""))
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="write the counts of this build into guards.json")
    options = parser.parse_args()
    bin_dir = os.environ.get("TIDEMARK_BIN_DIR") or os.path.join(os.path.dirname(HERE), "build", "release", "bin")
    if not shutil.which("valgrind"):
        print("valgrind is not installed; `./dev deps test` installs it")
        return 1 if os.environ.get("CI") else SKIPPED
    program = os.path.join(bin_dir, "bench.guard")
    counted = {what: round(counts(program, what)["Ir"], 2) for what in GUARDED}
    if options.renew:
        with open(STORED, "w", encoding="utf-8") as file:
            file.write(json.dumps(counted, indent=1) + "\n")
        print(f"wrote {os.path.relpath(STORED)}: {counted}")
        return 0
    with open(STORED, encoding="utf-8") as file:
        stored = json.load(file)
    return 0 if all([verdict(what, counted[what], stored[what]) for what in GUARDED]) else 1


if __name__ == "__main__":
    sys.exit(main())
