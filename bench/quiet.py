# SPDX-License-Identifier: Apache-2.0
"""Was the machine ours? How much of a processor others had while something was measured, and how much the hypervisor
took: what /proc/stat says was used, less what everything that was started from here used."""
import ctypes
import glob
import os
import resource
import time

LIMIT = 0.05  # of one processor, on average: more is a disturbance
PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")


def adopt(on):
    """Whoever loses its parent below here becomes our child, so that what it used can be told from what others used."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)


def reap():
    """Takes what adopted children left. Nobody waits for anything else when this is called."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def of_machine():
    """Seconds that were used, and that were stolen, on all processors since start."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, file.readline().split()[1:9])
    return (user + nice + system + interrupts + soft) / TICKS, stolen / TICKS


def of_tracing_daemons():
    """Of LTTng's daemons, which may have run before and are at work for us alone."""
    total = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                name, rest = file.read().rsplit(")", 1)
        except OSError:
            continue
        if "(lttng-" in name:
            total += sum(map(int, rest.split()[11:13])) / TICKS
    return total


def of_ours():
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in (own, below)) + of_tracing_daemons()


class Watch:
    """From where it is made to told()."""

    def __init__(self):
        reap()
        self.begun, self.ours = time.monotonic(), of_ours()
        self.used, self.stolen = of_machine()

    def told(self):
        reap()
        seconds = max(time.monotonic() - self.begun, 1e-3)
        used, stolen = of_machine()
        foreign = used - self.used - (of_ours() - self.ours)
        return {"seconds": seconds, "foreign": max(0.0, foreign) / seconds, "stolen": (stolen - self.stolen) / seconds}


def is_disturbed(told):
    return told["foreign"] + told["stolen"] > LIMIT


def wait(patience=20):
    """Until a second was quiet, or so many seconds."""
    for _ in range(patience):
        watch = Watch()
        time.sleep(1)
        if not is_disturbed(watch.told()):
            return
