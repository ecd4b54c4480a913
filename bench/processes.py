# SPDX-License-Identifier: Apache-2.0
"""Figures of whole processes: what an idle collector costs, and what a program costs under trackers. Runs alternate
(A B C A B C), each against the plain run of its own round."""
import contextlib
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from measure import summary

HERE = os.path.dirname(os.path.abspath(__file__))


def processor_seconds(pid):
    """CPU time of all threads: in nanoseconds where the scheduler tells, else in clock ticks (utime + stime)."""
    try:
        threads = glob.glob(f"/proc/{pid}/task/*/schedstat")
        return sum(int(open(path, encoding="ascii").read().split()[0]) for path in threads) / 1e9
    except (OSError, ValueError, IndexError):
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wakeups(pid):
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="utf-8", errors="replace") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt"))
    return total


@contextlib.contextmanager
def collector(daemon, instance):
    """A private collector, ready; ends with the block. stdin of nobody, messages to nobody."""
    ready, report = os.pipe()
    command = [daemon, "--private", "--instance", instance, "--ready-fd", str(report)]
    process = subprocess.Popen(command, pass_fds=[report], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(report)
    try:
        with os.fdopen(ready) as answer:
            if not answer.readline().startswith("ready"):
                raise RuntimeError("the collector did not become ready")
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def watched(pid, seconds):
    """CPU seconds a second and wake-ups a second of a process that runs already."""
    time.sleep(min(1.0, seconds))
    begun, spent, woken = time.monotonic(), processor_seconds(pid), wakeups(pid)
    time.sleep(seconds)
    elapsed = time.monotonic() - begun
    return {
        "cpu_share": (processor_seconds(pid) - spent) / elapsed,
        "wakeups_a_second": (wakeups(pid) - woken) / elapsed,
    }


def polling(bin_dir, rings, seconds):
    """The same of a process that looks at so many rings every millisecond."""
    command = [os.path.join(bin_dir, "bench.idle_rings"), "--poll", str(rings)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("the polling process did not start")
            return {"rings": rings, "polls": True, **watched(process.pid, seconds)}
        finally:
            process.kill()


def idle(bin_dir, rings, seconds):
    """CPU seconds a second, and wake-ups a second, of a collector with so many rings attached and nothing to do."""
    instance = f"bench-idle-{os.getpid()}"
    environment = dict(os.environ, TIDEMARK_ENABLED="1", TIDEMARK_INSTANCE=instance)
    with collector(os.path.join(bin_dir, "tidemarkd"), instance) as pid:
        command = [os.path.join(bin_dir, "bench.idle_rings"), str(rings)]
        holder = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            answer = holder.stdout.readline().strip()
            if answer != "ready":
                raise RuntimeError(f"of {rings} rings: {answer or 'nothing'}")
            return {"rings": rings, **watched(pid, seconds)}
        finally:
            holder.stdin.close()
            holder.wait(timeout=20)


def timed(command, environment):
    """Wall and CPU seconds of a command and all that it waits for."""
    begun = time.monotonic()
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{os.path.basename(command[0])} ended with status {process.returncode}")
    return {"wall": time.monotonic() - begun, "cpu": usage.ru_utime + usage.ru_stime}


@contextlib.contextmanager
def busy_neighbour():
    """Somebody who keeps a processor busy and touches no memory to speak of: what does a neighbour alone cost?"""
    with subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"], stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def timed_as(name, command, environment):
    """As timed(); of the way "busy", beside a busy neighbour."""
    with busy_neighbour() if name == "busy" else contextlib.nullcontext():
        return timed(command, environment)


def account_of(tidemark, program, environment):
    """One run that is not timed: how many events there were and whether all of them were kept."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "run.json")
        timed([tidemark, "run", "--json", "-o", out, "--"] + program, environment)
        with open(out, encoding="utf-8") as file:
            told = json.load(file)
    usages = [usage for process in told["processes"] for usage in process["usage"]]
    lost = sum(cause["count"] for cause in told["collector"]["lost"].values())
    return {
        "events": sum(usage["allocations"] + usage["frees"] for usage in usages),
        "lost": lost,
        "exact": all(usage["exact"] for usage in usages),
    }


def whole_program(bin_dir, arguments, pairs):
    """json_program.py plain, under `tidemark run` and under heaptrack. A rival that is not installed is left out."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    program = [python, os.path.join(HERE, "json_program.py"), *map(str, arguments)]
    environment = dict(os.environ, PYTHONMALLOC="malloc")
    tidemark = os.path.join(bin_dir, "tidemark")
    result = account_of(tidemark, program, environment)
    with tempfile.TemporaryDirectory() as folder:
        ways = {"plain": program, "busy": program, "tidemark": [tidemark, "run", "--"] + program}
        if shutil.which("heaptrack"):
            ways["heaptrack"] = ["heaptrack", "-o", os.path.join(folder, "trace")] + program
        runs = [{name: timed_as(name, way, environment) for name, way in ways.items()} for _ in range(pairs)]
    result["pairs"] = pairs
    result["arguments"] = list(arguments)
    result["plain"] = {"wall": summary([run["plain"]["wall"] for run in runs])}
    for name in list(ways)[1:]:
        result[name] = {
            "wall": summary([run[name]["wall"] for run in runs]),
            "wall_ratio": summary([run[name]["wall"] / run["plain"]["wall"] for run in runs]),
            "cpu_ratio": summary([run[name]["cpu"] / run["plain"]["cpu"] for run in runs]),
        }
    return result
