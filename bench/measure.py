# SPDX-License-Identifier: Apache-2.0
"""How figures come about: runs of Google Benchmark programs in rounds, medians with their spread. What is run stands in
sections.py; what is written of it, in report.py."""
import json
import os
import random
import re
import statistics
import subprocess
import tempfile

# What Google Benchmark itself writes of a row; every other number is a counter of the program's.
OWN_KEYS = ("family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations",
            "real_time", "cpu_time", "items_per_second")  # fmt: skip


def summary(values):
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "values": list(values)}


def processors():
    return sorted(os.sched_getaffinity(0))


def pin_to_last():
    """One processor for a program with one thread: the last, which interrupts like least. For a child, before exec."""
    os.sched_setaffinity(0, {processors()[-1]})


def run_rows(command, smoke, pin=False, flags=(), environment=None):
    """Runs a benchmark program once. Answers (its rows, context, reason or None if all of it went well)."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        more = (["--smoke"] if smoke else list(flags)) + [f"--benchmark_out={out}", "--benchmark_out_format=json"]
        try:
            done = subprocess.run(
                command + more,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=300,
                check=False,
                env=environment,
                preexec_fn=pin_to_last if pin else None,
            )
        except (OSError, subprocess.TimeoutExpired) as failure:
            return [], {}, str(failure)
        reason = None if done.returncode == 0 else f"exit status {done.returncode}"
        try:
            with open(out, encoding="utf-8") as file:
                parsed = json.load(file)
        except (OSError, ValueError):
            return [], {}, (reason or "no output") + ": " + done.stderr[-200:]
    return parsed["benchmarks"], parsed["context"], reason_of(parsed, reason)


def rounds(jobs, smoke, count, notes, shuffled=True):
    """Programs in turn, each once a round: their order and that of what each measures is another one each round, unless
    one row prepares the next. `jobs`: (command, pinned, environment). Answers {name: figures}."""
    flags = ["--benchmark_repetitions=1", "--benchmark_min_time=0.15",
             f"--benchmark_enable_random_interleaving={'true' if shuffled else 'false'}"]  # fmt: skip
    rows = []
    for _ in range(1 if smoke else count):
        for command, pin, environment in random.sample(jobs, len(jobs)) if shuffled else jobs:
            some, context, reason = run_rows(command, smoke, pin, flags, environment)
            rows += some
            notes.compiler = context.get("compiler", notes.compiler)
            if reason:
                notes.fail(" ".join([os.path.basename(command[0]), *command[1:]]), reason)
    return figures_of(rows)


def figures_of(rows):
    """Per benchmark the repetitions' nanoseconds an item, and the counters that the program gave."""
    runs = {}
    for row in rows:
        if row.get("run_type") == "iteration" and not row.get("error_occurred"):
            name = re.sub(r"/(real_time|manual_time|iterations:\d+)", "", row["run_name"])
            runs.setdefault(name, []).append(row)
    found = {}
    for name, some in runs.items():
        figures = {"ns": summary([1e9 / max(row["items_per_second"], 1e-3) for row in some])}
        for counter, value in some[0].items():
            if counter not in OWN_KEYS and isinstance(value, (int, float)) and all(counter in row for row in some):
                figures[counter] = summary([row[counter] for row in some])
        found[name] = figures
    return found


def reason_of(parsed, reason):
    errors = {row["error_message"] for row in parsed["benchmarks"] if row.get("error_occurred")}
    return "; ".join(sorted(errors)) if errors else reason
