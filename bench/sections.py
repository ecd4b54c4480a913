# SPDX-License-Identifier: Apache-2.0
"""What is measured, section by section."""
import os
import subprocess
import sys

import events
import idle
import measure
import memory
import misses
import programs
from unit import Section, Unit

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 5
IN_TURN = "programs in turn (A B C A B C)"
SHUFFLED = "in rounds, each in another order"


def one(order, what):
    return Section(order, (Unit("", what),))


def of_programs(*jobs, rounds=ROUNDS, shuffled=True):
    """Google Benchmark programs, in rounds. A job: the program's name and flags, and whether it has one thread only."""

    def run(bed, notes):
        commands = [([bed.program(name), *flags], single, None) for name, flags, single in jobs]
        return {"benchmarks": measure.rounds(commands, bed.smoke, rounds, notes, shuffled)}

    return one(SHUFFLED if shuffled else IN_TURN, run)


def append(bed, notes):
    """One program in two ways. The rows of the second have names of their own on the page."""
    found = {}
    alone, several = [bed.program("append")], [bed.program("append"), "--threads"]
    for command, name in ((alone, "append/"), (several, "append_threads/")):
        rows = measure.rounds([(command, True, None)], bed.smoke, ROUNDS, notes)
        found |= {key.replace("append/", name, 1): figures for key, figures in rows.items()}
    return {"benchmarks": found}


def disabled(bed, notes):
    jobs = [([bed.program("disabled")], True, None)]
    # Outside a recording, its program measures the tracepoint that is off.
    if events.Events(bed.bin_dir, bed.smoke, notes).has_lttng:
        jobs.append(([bed.program("lttng")], True, dict(os.environ, LTTNG_UST_REGISTER_TIMEOUT="10000")))
    return {"benchmarks": measure.rounds(jobs, bed.smoke, ROUNDS, notes)}


def lane(bed, notes):
    found = measure.rounds([([bed.program("lane")], False, None)], bed.smoke, ROUNDS, notes)
    if found and "lane/moodycamel_readerwriterqueue" not in found:
        notes.absent("moodycamel ReaderWriterQueue", "its header was not there when the benchmarks were built")
    return {"benchmarks": found}


def event(bed, notes):
    found = events.Events(bed.bin_dir, bed.smoke, notes).all()
    return {"benchmarks": {key: figures for key, figures in found.items() if not key.startswith("disabled/")}}


def script(name, *arguments):
    """A script that prints its figures for a document; here it is only run."""

    def run(bed, notes):
        command = [sys.executable, os.path.join(HERE, name), os.path.dirname(bed.bin_dir), *arguments]
        done = subprocess.run(command + (["--smoke"] if bed.smoke else []), stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            notes.fail(name, f"exit status {done.returncode}")
        return {}

    return Section("", (Unit("", run),), always=False)


SECTIONS = {
    "append": one(SHUFFLED, append),
    "event": one(IN_TURN, event),
    "disabled": one(SHUFFLED, disabled),
    "lane": one(SHUFFLED, lane),
    "monitor": of_programs(("monitor", [], False), rounds=3),
    "apply": of_programs(("apply", [], True), rounds=3),
    "publish": of_programs(("publish", [], True)),
    "pipeline": of_programs(("pipeline", [], False), rounds=4),
    "scaling": of_programs(("scaling", [], False), rounds=3),
    "misses": one("", misses.section),
    "read": of_programs(("read", [], False), rounds=4),
    "query": of_programs(("query", [], False), rounds=4),
    "latency": of_programs(("latency", [], False), rounds=4),
    "steady": of_programs(("steady", [], False)),
    "idle": Section(IN_TURN, idle.UNITS),
    "programs": Section(SHUFFLED, programs.UNITS),
    "memory": Section(
        IN_TURN,
        of_programs(("memory", [], False), rounds=3, shuffled=False).units + (Unit("under trackers", memory.of_trackers),),
    ),
    "viewers": script("viewers.py"),
    "scrape": script("scrape.py", "1000"),
}
