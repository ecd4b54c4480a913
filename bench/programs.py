# SPDX-License-Identifier: Apache-2.0
"""Whole programs under trackers, every program in every way of trackers.py. A round first that is not timed, then
rounds that are, each in another order and each run against the plain run of its own round."""
import contextlib
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import trackers
from measure import summary
from processes import HERE, timed_as
from unit import Unit

PYTHON = shutil.which("python3", path="/usr/bin") or sys.executable
JSON = [PYTHON, os.path.join(HERE, "json_program.py")]
REDIS = [PYTHON, os.path.join(HERE, "redis_program.py")]
SQL = """create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
insert into t select i, hex(randomblob(i % 40)), i * 0.5 from n;
create index b on t(b); select count(*), sum(length(b)), max(c) from t group by substr(b, 1, 1); delete from t where a % 3 = 0;"""
CPP = """#include <map>
#include <regex>
#include <string>
#include <iostream>
int main() { std::map<std::string, std::regex> all; all.emplace("a", "b+"); std::cout << all.size(); }
"""


@dataclass(frozen=True)
class Program:
    name: str
    whole: tuple  # its words
    small: tuple  # the same with little to do: for the round that is not timed, and for valgrind
    needs: str
    rounds: int = 3
    once: tuple = ()  # ways that are too slow for more than one round
    environment: tuple = ()


def sqlite(rows):
    return ("sqlite3", ":memory:", SQL.format(rows=rows))


def compiler(source):
    return ("g++", "-std=c++20", "-O1", "-c", "{folder}/" + source, "-o", "{folder}/o")


def write_sources(folder):
    for name, text in (("program.cpp", CPP), ("small.cpp", "#include <cstdlib>\nint main() { return std::abs(0); }\n")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


MALLOC = (("PYTHONMALLOC", "malloc"),)
STORM = "{bin}/bench.storm"
PROGRAMS = (
    Program("python", (*JSON, "1", "200000"), (*JSON, "1", "2000"), PYTHON),
    Program("python_malloc", (*JSON, "1", "200000"), (*JSON, "1", "2000"), PYTHON, once=("stacks",), environment=MALLOC),
    Program("python_malloc_rounds", (*JSON, "50", "4000"), (*JSON, "1", "2000"), PYTHON, once=("stacks",), environment=MALLOC),
    Program("sqlite3", sqlite(300_000), sqlite(2000), "sqlite3", rounds=4),
    Program("g++", compiler("program.cpp"), compiler("small.cpp"), "g++", once=("stacks", "heaptrack")),
    Program("redis", (*REDIS, "30000"), (*REDIS, "1000"), "redis-benchmark"),
    Program("storm", (STORM, "20"), (STORM, "0.1"), STORM, once=("stacks", "heaptrack", "lttng")),
    Program("true", ("/bin/true",), ("/bin/true",), "/bin/true", rounds=5),
)


def filled(words, bed, folder):
    return [word.replace("{bin}", bed.bin_dir).replace("{folder}", folder) for word in words]


def with_tracker(words, tracker):
    """redis is told of its tracker and puts it before the server."""
    return words + tracker if words[1:2] == REDIS[1:] else tracker + words


def account_of(words, bed, folder, environment):
    """One run that is not timed: how many events there were and whether all of them were kept."""
    out = os.path.join(folder, "run.json")
    run = [os.path.join(bed.bin_dir, "tidemark"), "run", "-q", "--json", "-o", out, "--"]
    timed_as("tidemark", with_tracker(words, run), environment)
    with open(out, encoding="utf-8") as file:
        told = json.load(file)
    os.unlink(out)
    usages = [usage for process in told["processes"] for usage in process["usage"]]
    return {
        "events": sum(usage["allocations"] + usage["frees"] for usage in usages),
        "lost": sum(cause["count"] for cause in told["collector"]["lost"].values()),
        "exact": all(usage["exact"] for usage in usages),
    }


def rounds(program, words, ways, environment, smoke):
    """{way: its runs}, one a round; of those that are too slow, one in all."""
    runs = {name: [] for name in ways}
    for number in range(1 if smoke else program.rounds):
        names = [name for name in ways if number == 0 or name not in program.once]
        for name in random.sample(names, len(names)):
            runs[name].append(timed_as(name, with_tracker(words, ways[name]), environment))
    return runs


def compared(runs):
    plain = runs["plain"]
    return {
        name: {
            "wall": summary([one["wall"] for one in some]),
            "wall_ratio": summary([one["wall"] / alone["wall"] for one, alone in zip(some, plain)]),
            "cpu_ratio": summary([one["cpu"] / max(alone["cpu"], 1e-3) for one, alone in zip(some, plain)]),
        }
        for name, some in runs.items()
    }


def measure(program, bed, notes):
    if not shutil.which(needed := filled([program.needs], bed, "")[0]):
        notes.absent(f"{program.name} as a tracked program", f"{needed} is not installed")
        return {}
    environment = dict(os.environ, **dict(program.environment))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        write_sources(folder)
        ways = stack.enter_context(trackers.ways(bed, folder, notes))
        small = filled(program.small, bed, folder)
        words = small if bed.smoke else filled(program.whole, bed, folder)
        valgrind = ways.pop("valgrind", None)
        if bed.smoke and program is not PROGRAMS[0]:
            ways = {name: ways[name] for name in ("plain", "tidemark")}
        untimed = {} if bed.smoke else ways
        first = {name: timed_as(name, with_tracker(small, way), environment) for name, way in untimed.items()}
        found = account_of(words, bed, folder, environment)
        found["ways"] = compared(rounds(program, words, ways, environment, bed.smoke))
        if valgrind and not bed.smoke:
            taken = timed_as("valgrind", with_tracker(small, valgrind), environment)
            found["ways"]["valgrind"] = compared({"plain": [first["plain"]], "valgrind": [taken]})["valgrind"]
    return {"programs": {program.name: found}}


def guarded(program, bed, notes):
    try:
        return measure(program, bed, notes)
    except (OSError, RuntimeError, ValueError, KeyError, subprocess.SubprocessError) as failure:
        notes.fail(f"{program.name} under trackers", failure)
        return {}


UNITS = tuple(Unit(program.name, functools.partial(guarded, program)) for program in PROGRAMS)
