# SPDX-License-Identifier: Apache-2.0
"""How figures come about: runs of Google Benchmark programs with their repetitions shuffled, medians with their
spread, and what the machine is. What is run stands in run.py; what is written of it, in report.py."""
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import tempfile


def summary(values):
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


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


def run_program(command, smoke, pin, repetitions=5):
    """Shuffled repetitions in one process. Answers ({name: figures}, context, reason or None)."""
    flags = [f"--benchmark_repetitions={repetitions}", "--benchmark_min_time=0.15",
             f"--benchmark_enable_random_interleaving={'true' if repetitions > 3 else 'false'}"]  # fmt: skip
    rows, context, reason = run_rows(command, smoke, pin, flags)
    return figures_of(rows), context, reason


COUNTERS = ("p50_ns", "p99_ns", "p999_ns", "p9999_ns", "busy_answers", "bytes_a_buffer", "producer_share",
            "receiver_share", "together_share", "lost",
            "drain_ns", "drain_misses", "bytes")  # fmt: skip


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
        for counter in COUNTERS:
            if counter in some[0]:
                figures[counter] = summary([row[counter] for row in some])
        found[name] = figures
    return found


def reason_of(parsed, reason):
    errors = {row["error_message"] for row in parsed["benchmarks"] if row.get("error_occurred")}
    return "; ".join(sorted(errors)) if errors else reason


def processor_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def system_name():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            facts = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return facts["PRETTY_NAME"].strip('"')
    except (OSError, KeyError):
        return platform.system()


def machine(compiler, load):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        virtual = " hypervisor" in file.read()
    return {
        "processor": processor_name(),
        "processors": len(processors()),
        "virtual": virtual,
        "system": system_name(),
        "kernel": platform.release(),
        "compiler": f"g++ {compiler}",
        "python": platform.python_version(),
        "load_before": load,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }
