# SPDX-License-Identifier: Apache-2.0
"""Figures of whole processes: a collector of one's own, what runs take, what a process has of a processor."""
import contextlib
import glob
import os
import subprocess
import time

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


def watched_together(pids, seconds):
    """Of each of them, that run already: CPU seconds a second and wake-ups a second, in the same stretch of time."""
    time.sleep(min(1.0, seconds))
    before = [(time.monotonic(), processor_seconds(pid), wakeups(pid)) for pid in pids]
    time.sleep(seconds)
    found = []
    for pid, (begun, spent, woken) in zip(pids, before):
        elapsed = time.monotonic() - begun
        found.append({"cpu_share": (processor_seconds(pid) - spent) / elapsed,
                      "wakeups_a_second": (wakeups(pid) - woken) / elapsed})  # fmt: skip
    return found


def watched(pid, seconds):
    return watched_together([pid], seconds)[0]


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
