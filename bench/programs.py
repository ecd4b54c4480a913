# SPDX-License-Identifier: Apache-2.0
"""More whole programs under trackers, each in turn with the plain run (A B C A B C): sqlite3, g++, redis with its
benchmark, a storm of allocations from two threads. Against heaptrack, LTTng's libc wrapper and, for scale, valgrind."""
import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
import time

import events
from measure import summary
from processes import HERE, timed_as, watched

PAIRS = 3
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
VALGRINDED = ("sqlite3", "storm")  # of the others it makes a minute
WRAPPER = "/usr/lib/x86_64-linux-gnu/liblttng-ust-libc-wrapper.so"


def consumers():
    """Processes that consume LTTng's buffers."""
    return {int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*/comm") if name_in(path) == "lttng-consumerd"}


def name_in(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def comes(condition, patience=10):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise RuntimeError("LTTng's consumer did not start")


class Programs:
    def __init__(self, bin_dir, smoke, run):
        self.bin_dir, self.smoke, self.run = bin_dir, smoke, run

    def commands(self, folder):
        """{name: (words, how a tracker is put before it)}; a program that is not installed is left out, and said."""
        source = os.path.join(folder, "program.cpp")
        with open(source, "w", encoding="utf-8") as file:
            file.write("int main() {}\n" if self.smoke else CPP)
        sql = SQL.format(rows=2000 if self.smoke else 300_000)
        found = {
            "sqlite3": ["sqlite3", ":memory:", sql],
            "g++": ["g++", "-std=c++20", "-fsyntax-only" if self.smoke else "-O1", "-c", source, "-o", os.path.join(folder, "o")],
            "redis": ["python3", os.path.join(HERE, "redis_program.py"), "1000" if self.smoke else "100000"],
            "storm": [os.path.join(self.bin_dir, "bench.storm"), "0.01" if self.smoke else "2"],
        }
        for name in list(found):
            needed = "redis-benchmark" if name == "redis" else found[name][0]
            if not shutil.which(needed):
                self.run.absent(f"{name} as a tracked program", f"{needed} is not installed")
                del found[name]
        return found

    def trackers(self, folder):
        """{name: (words before the program, environment)}."""
        plain = dict(os.environ)
        found = {"plain": ([], plain), "busy": ([], plain)}
        found["tidemark"] = ([os.path.join(self.bin_dir, "tidemark"), "run", "-q", "--"], plain)
        if shutil.which("heaptrack"):
            found["heaptrack"] = (["heaptrack", "-o", os.path.join(folder, "trace")], plain)
        if shutil.which("valgrind") and not self.smoke:
            found["valgrind"] = (["valgrind", "-q", "--trace-children=yes"], plain)
        return found

    @staticmethod
    def with_tracker(words, tracker):
        return words + tracker if words[-2].endswith("redis_program.py") else tracker + words

    @contextlib.contextmanager
    def lttng(self, ways):
        if not os.path.exists(WRAPPER) or not shutil.which("lttng-sessiond"):
            self.run.absent("LTTng's libc wrapper", "not installed; `./dev bench --with-rivals` installs it")
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(events.session(False, "lttng_ust_libc:*"))
                ways["lttng"] = (["env", f"LD_PRELOAD={WRAPPER}"], dict(os.environ))
            except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
                self.run.absent("LTTng's libc wrapper", str(failure))
            yield

    def measure(self, words, ways, with_valgrind):
        ways = {name: way for name, way in ways.items() if name != "valgrind" or with_valgrind}
        runs = {name: [] for name in ways}
        for number in range(1 if self.smoke else PAIRS):
            for name, (tracker, environment) in ways.items():
                if name != "valgrind" or number == 0:  # once, for scale
                    runs[name].append(timed_as(name, self.with_tracker(words, tracker), environment))
        return {
            name: {
                "wall": summary([one["wall"] for one in some]),
                "wall_ratio": summary([one["wall"] / plain["wall"] for one, plain in zip(some, runs["plain"])]),
                "cpu_ratio": summary([one["cpu"] / max(plain["cpu"], 1e-3) for one, plain in zip(some, runs["plain"])]),
            }
            for name, some in runs.items()
        }

    def idle_consumer(self, seconds):
        """What LTTng's consumer has of a processor while a program that it records does nothing. Nothing: it can't be had."""
        if not os.path.exists(WRAPPER) or not shutil.which("lttng-sessiond"):
            return None
        before = consumers()
        with events.session(True, "lttng_ust_libc:*"):
            with subprocess.Popen(["sleep", "60"], env=dict(os.environ, LD_PRELOAD=WRAPPER)) as program:
                try:
                    new = comes(lambda: consumers() - before)
                    return {"rings": 1, "who": "LTTng's consumer", **watched(new.pop(), seconds)}
                finally:
                    program.kill()

    def all(self):
        found = {}
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            ways = self.trackers(folder)
            with self.lttng(ways):
                for name, words in self.commands(folder).items():
                    try:
                        found[name] = self.measure(words, ways, name in VALGRINDED)
                    except (OSError, RuntimeError) as failure:
                        self.run.fail(f"{name} under trackers", failure)
        return found
