# SPDX-License-Identifier: Apache-2.0
"""The ways that a whole program is run: by itself, beside a busy neighbour, under Tidemark and under what one would use
instead. What is not installed is left out, and said."""
import contextlib
import glob
import os
import shutil
import subprocess
import time

import events

WRAPPER = "/usr/lib/x86_64-linux-gnu/liblttng-ust-libc-wrapper.so"
INSTALLS = "not installed; `./dev bench --with-rivals` installs it"


def name_in(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def consumers():
    """Processes that consume LTTng's buffers."""
    return {int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*/comm") if name_in(path) == "lttng-consumerd"}


def new_consumer(before, patience=5):
    """The one that was not there before; the one that was, if LTTng's daemon already ran and makes no other."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := consumers() - before:
            return found.pop()
        time.sleep(0.05)
    if not (left := consumers()):
        raise RuntimeError("LTTng's consumer did not start")
    return left.pop()


@contextlib.contextmanager
def lttng(ways, notes):
    if not os.path.exists(WRAPPER) or not shutil.which("lttng-sessiond"):
        notes.absent("LTTng's libc wrapper", INSTALLS)
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(events.session(False, "lttng_ust_libc:*"))
            ways["lttng"] = ["env", f"LD_PRELOAD={WRAPPER}"]
        except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
            notes.absent("LTTng's libc wrapper", str(failure))
        yield


@contextlib.contextmanager
def ways(bed, folder, notes):
    """{name: words before the program}, for as long as they can be used."""
    run = [os.path.join(bed.bin_dir, "tidemark"), "run", "-q"]
    found = {"plain": [], "busy": [], "tidemark": [*run, "--"], "stacks": [*run, "--stacks", "--"]}
    for name, words in (("heaptrack", ["heaptrack", "-o", os.path.join(folder, "trace")]),
                        ("valgrind", ["valgrind", "-q", "--trace-children=yes"])):  # fmt: skip
        if shutil.which(name):
            found[name] = words
        else:
            notes.absent(name, INSTALLS)
    with lttng(found, notes):
        yield found
