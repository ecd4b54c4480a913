# SPDX-License-Identifier: Apache-2.0
"""What a tracker's processes take while a program holds many buffers: memory of the program and of all that was started with
it, pages that several have divided among them (PSS), against the program by itself."""
import os
import shutil
import subprocess
import tempfile
import time

from measure import summary

ROUNDS = 2


def children(pid):
    """The process and all below it."""
    found = [pid]
    for one in found:
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
        except OSError:
            pass  # ended
    return found


def proportional_bytes(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
    except OSError:
        return 0  # ended


def settled(pid, steady):
    """Bytes of the whole tree, once they have not grown for `steady` seconds: its consumer has caught up."""
    most, since = 0, time.monotonic()
    while time.monotonic() - since < steady:
        now = sum(map(proportional_bytes, children(pid)))
        if now > most * 1.001:
            most, since = now, time.monotonic()
        time.sleep(0.05)
    return now


def held(command, environment, steady):
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:  # fmt: skip
        try:
            while (line := process.stdout.readline()) and line.strip() != "ready":
                pass  # a tracker's own words
            if not line:
                raise RuntimeError(f"{os.path.basename(command[0])} ended before it held anything")
            return settled(process.pid, steady)
        finally:
            process.stdin.close()
            process.stdout.read()
            process.wait(timeout=60)


def ways(bed, folder, notes):
    """{tracker: the words before the program}."""
    found = {"plain": [], "tidemark": [os.path.join(bed.bin_dir, "tidemark"), "run", "-q", "--"]}
    if shutil.which("heaptrack"):
        found["heaptrack"] = ["heaptrack", "-o", os.path.join(folder, "trace")]
    else:
        notes.absent("memory under heaptrack", "not installed; `./dev bench --with-rivals` installs it")
    return found


def of_trackers(bed, notes):
    """{tracker: bytes more than the plain program, a buffer}, and how many buffers: the trackers in turn."""
    buffers, steady = (10_000, 0.1) if bed.smoke else (1_000_000, 1.0)
    program = [bed.program("holder"), str(buffers)]
    taken = {}
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            trackers = ways(bed, folder, notes)
            for _ in range(1 if bed.smoke else ROUNDS):
                for name, tracker in trackers.items():
                    taken.setdefault(name, []).append(held(tracker + program, dict(os.environ), steady))
    except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
        notes.fail("memory under trackers", failure)
        return {}
    plain = taken.pop("plain")
    more = {name: summary([(now - alone) / buffers for now, alone in zip(some, plain)]) for name, some in taken.items()}
    return {"memory": {"buffers": buffers, "plain": summary(plain), **more}}
