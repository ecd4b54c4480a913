# SPDX-License-Identifier: Apache-2.0
"""One event from the caller's side, against LTTng-UST too: programs in turn (A B A B), each a process of its own, within a
session of LTTng that records. Also LTTng's disabled tracepoint. Rivals that are not there are left out."""
import contextlib
import os
import re
import shutil
import subprocess
import tempfile

from measure import figures_of, run_rows

ROUNDS = 3
SESSION, CHANNEL = "tidemark-bench", "events"
# LTTng throws away what finds no room: this is room for half a second.
ROOM = ("--subbuf-size=1M", "--num-subbuf=16")

# Tidemark asks whether its process has one thread, and so does the C library; a queue's consumer is a second one.
ALONE = "--benchmark_filter=/(stamp|tidemark|counters_and_registry)/"
OTHERS = "--benchmark_filter=/(boost|reader|concurrent|socket)"
JOBS = {
    False: (["event"], ["event", "--threads"], ["lttng"], ["lttng", "--threads"]),
    True: (["event", "--drain", ALONE], ["event", "--drain", OTHERS], ["event", "--drain", "--threads"],
           ["lttng", "--drain"], ["lttng", "--drain", "--threads"]),
}  # fmt: skip


def lttng(*arguments):
    """What the command says."""
    command = ["lttng", "--no-sessiond", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout


def discarded():
    """How many events LTTng has thrown away so far, those of buffers that are not full too: its recording stops for that."""
    lttng("stop", SESSION)
    told = lttng("--mi", "xml", "list", SESSION)
    lttng("start", SESSION)
    return sum(int(count) for count in re.findall(r"<(?:discarded_events|lost_packets)>(\d+)<", told))


@contextlib.contextmanager
def daemon(folder):
    """LTTng's session daemon: the one that runs, else one of our own that ends with the block."""
    if subprocess.run(["lttng", "--no-sessiond", "list"], capture_output=True, check=False, timeout=30).returncode == 0:
        yield
        return
    file = os.path.join(folder, "pid")
    command = ["lttng-sessiond", "--background", "--no-kernel", "--pidfile", file]
    # No pipes: the daemon in the background may hold their ends for as long as it lives.
    null = subprocess.DEVNULL
    subprocess.run(command, stdin=null, stdout=null, stderr=null, check=True, timeout=30)
    try:
        yield
    finally:
        with open(file, encoding="ascii") as text:
            os.kill(int(text.read()), 15)


@contextlib.contextmanager
def session(drain, what="tidemark_bench:*"):
    """A session that records: to disk, through its consumer, or into buffers that are only overwritten."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, daemon(folder):
        lttng("create", SESSION, *(["--output", os.path.join(folder, "trace")] if drain else ["--snapshot"]))
        try:
            if drain:
                lttng("enable-channel", "-s", SESSION, "-u", *ROOM, CHANNEL)
            lttng("enable-event", "-s", SESSION, "-u", *(["-c", CHANNEL] if drain else []), what)
            lttng("start", SESSION)
            yield
        finally:
            subprocess.run(["lttng", "--no-sessiond", "destroy", SESSION], capture_output=True, check=False, timeout=60)


class Events:
    """`say`, `fail` and `absent` as run.py has them."""

    def __init__(self, bin_dir, smoke, run):
        self.bin_dir = bin_dir
        self.smoke = smoke
        self.run = run
        self.rows = []
        self.has_lttng = self.look_for_lttng()

    def look_for_lttng(self):
        if not os.path.exists(os.path.join(self.bin_dir, "bench.lttng")):
            self.run.absent("LTTng-UST", "its headers were not there when the benchmarks were built")
        elif not shutil.which("lttng") or not shutil.which("lttng-sessiond"):
            self.run.absent("LTTng-UST", "lttng-tools is not installed; `./dev bench --with-rivals` installs it")
        else:
            return True
        return False

    def program(self, job):
        path = os.path.join(self.bin_dir, f"bench.{job[0]}")
        environment = dict(os.environ, LTTNG_UST_REGISTER_TIMEOUT="10000")
        is_recorded = job[0] == "lttng" and "--drain" in job
        before = discarded() if is_recorded else 0
        rows, _, reason = run_rows([path, *job[1:]], self.smoke, "--threads" not in job and "--drain" not in job,
                                   environment=environment)  # fmt: skip
        if reason:
            self.run.fail(" ".join(["bench." + job[0], *job[1:]]), reason)
        if is_recorded:
            rows = self.checked(rows, discarded() - before)
        self.rows += rows

    def checked(self, rows, gone):
        """The rows, if every event of them was kept: one that is thrown away costs less."""
        if gone == 0:
            return [dict(row, discarded=0) for row in rows]
        self.run.absent("LTTng-UST, recording to disk, a run of it", f"it discarded {gone} events")
        return []

    def group(self, drain):
        with contextlib.ExitStack() as stack:
            jobs = [job for job in JOBS[drain] if job[0] != "lttng"]
            try:
                if self.has_lttng:
                    stack.enter_context(session(drain))
                    jobs = JOBS[drain]
            except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
                self.run.absent("LTTng-UST, recording" + (" to disk" if drain else ""), str(failure))
            for _ in range(1 if self.smoke else ROUNDS):
                for job in jobs:
                    self.program(job)

    def all(self):
        if self.has_lttng:
            for _ in range(1 if self.smoke else ROUNDS):
                self.program(["lttng"])
        for drain in (False, True):
            self.group(drain)
        return figures_of(self.rows)
