# SPDX-License-Identifier: Apache-2.0
"""What waiting costs: collectors with rings attached and nothing to do, all in the same stretch of time; processes that
look at as many rings every millisecond; LTTng's consumer. In turn, several times."""
import contextlib
import functools
import os
import shutil
import subprocess

import events
from measure import summary
from processes import collector, watched_together
from trackers import WRAPPER, consumers, new_consumer
from unit import Unit

RINGS = (1, 100, 1000)
TRACED = (1, 100)  # programs that LTTng records
TURNS = 2
COLLECTOR_SECONDS, OTHER_SECONDS = 20.0, 3.0  # a collector has work each ten seconds that an instant would miss


@contextlib.contextmanager
def watching(bed, rings):
    """A collector with so many rings attached whose programs do nothing. Its process."""
    instance = f"bench-idle-{os.getpid()}-{rings}"
    environment = dict(os.environ, TIDEMARK_ENABLED="1", TIDEMARK_INSTANCE=instance)
    with collector(os.path.join(bed.bin_dir, "tidemarkd"), instance) as pid:
        command = [bed.program("idle_rings"), str(rings)]
        holder = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            answer = holder.stdout.readline().strip()
            if answer != "ready":
                raise RuntimeError(f"of {rings} rings: {answer or 'nothing'}")
            yield pid
        finally:
            holder.stdin.close()
            holder.wait(timeout=20)


@contextlib.contextmanager
def polling(bed, rings):
    """A process that looks at so many rings every millisecond."""
    command = [bed.program("idle_rings"), "--poll", str(rings)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("the polling process did not start")
            yield process.pid
        finally:
            process.kill()


@contextlib.contextmanager
def consuming(_bed, programs):
    """LTTng's consumer while so many programs that it records do nothing."""
    before = consumers()
    with events.session(True, "lttng_ust_libc:*"), contextlib.ExitStack() as stack:
        for _ in range(programs):
            sleeper = subprocess.Popen(["sleep", "600"], env=dict(os.environ, LD_PRELOAD=WRAPPER))
            stack.callback(sleeper.wait)
            stack.callback(sleeper.kill)
        yield new_consumer(before)


def collectors(bed, notes):
    """Those with more and fewer rings wait beside each other: what the machine does meanwhile, it does to all."""
    seconds, found = (0.2, {1: []}) if bed.smoke else (COLLECTOR_SECONDS, {rings: [] for rings in RINGS})
    with contextlib.ExitStack() as stack:
        pids = {rings: stack.enter_context(watching(bed, rings)) for rings in found}
        for _ in range(1 if bed.smoke else TURNS):
            for rings, told in zip(found, watched_together(list(pids.values()), seconds)):
                found[rings].append(told)
    return rows(found)


def others(open_one, sizes, more, bed, notes):
    """`more`: what the rows say of who they are."""
    found = {size: [] for size in (sizes[:1] if bed.smoke else sizes)}
    for _ in range(1 if bed.smoke else TURNS):
        for size, told in found.items():
            with open_one(bed, size) as pid:
                told += watched_together([pid], 0.2 if bed.smoke else OTHER_SECONDS)
    return rows(found, **more)


def rows(found, **more):
    keys = ("cpu_share", "wakeups_a_second")
    return {"idle": [{"rings": size, **more, **{key: summary([one[key] for one in told]) for key in keys}}
                     for size, told in found.items()]}  # fmt: skip


def guarded(what, name, bed, notes):
    try:
        return what(bed, notes)
    except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
        notes.fail(name, failure)
        return {}


def lttng(bed, notes):
    if not os.path.exists(WRAPPER) or not shutil.which("lttng-sessiond"):
        notes.absent("LTTng's consumer, idle", "not installed; `./dev bench --with-rivals` installs it")
        return {}
    notes.absent("LTTng's consumer, idle, with 1,000 programs", "1 and 100 were measured")
    return others(consuming, TRACED, {"who": "LTTng's consumer"}, bed, notes)


POLLERS = functools.partial(others, polling, RINGS, {"polls": True})
WHO = (("collectors", collectors), ("pollers", POLLERS), ("LTTng's consumer", lttng))
UNITS = tuple(Unit(name, functools.partial(guarded, what, f"idle, {name}")) for name, what in WHO)
