# SPDX-License-Identifier: Apache-2.0
"""The real programs under `tidemark run` with default settings: each one's output and exit status are its own, nothing is
lost, and every sum is exact."""
import subprocess
import time
import unittest

import tracked

# Builds a structure and drops parts of it, in five steps: more than five million events.
PYTHON = """
kept = {}
for step in range(5):
    kept[step] = [{"key": i, "text": "value %d" % i, "more": [i, i + 0.5]} for i in range(120000)]
    if step >= 2:
        del kept[step - 2]
print(sum(len(part) for part in kept.values()))
"""

SQL = """
CREATE TABLE measure(id INTEGER PRIMARY KEY, name TEXT, value REAL);
CREATE INDEX by_name ON measure(name);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO measure SELECT i, 'name ' || (i * 7919 % 200003), i / 3.0 FROM n;
SELECT count(*), min(name), max(name), round(sum(value), 2) FROM measure;
SELECT name, value FROM measure WHERE name LIKE 'name 1234%' ORDER BY name LIMIT 20;
DELETE FROM measure WHERE id % 3 = 0;
SELECT count(*) FROM measure;
"""

GIT = """
set -eu
git init -q .
for round in 1 2 3; do
    for file in 1 2 3 4 5 6 7 8; do seq "$round" $((file * 700)) >"file$file"; done
    git add .
    git commit -q -m "round $round"
done
git repack -a -d -q
git fsck --full
git log --format='%H %s'
git count-objects -v | grep in-pack
"""
# A commit's name depends on nothing but this and the files.
GIT_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0",
}  # fmt: skip

CPP = """
#include <iostream>
#include <regex>
int main() {
    std::cout << std::regex_replace(std::string("one two three"), std::regex("t(w|h)\\\\w+"), "T$1") << "\\n";
}
"""

PIPELINE = (
    "seq 1 60000 | sort -rn | grep 7 | sed s/7/8/ | tr 1 2 | cut -c1-3 | uniq -c | head -n 500 | "
    "awk '{ s += $1 } END { print s }' | cat"
)


class RealPrograms(tracked.TrackedTest):
    def events(self, report):
        return sum(u["allocations"] + u["frees"] for p in report["processes"] for u in p["usage"])

    def names(self, report):
        return {process["name"] for process in report["processes"]}

    def test_python_builds_and_drops_a_structure(self):
        done, report = self.assert_same_and_exact(["/usr/bin/python3", "-c", PYTHON], {"PYTHONMALLOC": "malloc"})
        self.assertEqual(done.stdout, b"240000\n")
        (process,) = report["processes"]
        self.assertGreaterEqual(self.events(report), 5_000_000)
        # Two steps' structures at once, each of 120,000 dictionaries of 232 bytes and more.
        self.assertGreater(tracked.host(process)["peak"], 2 * 120_000 * 232)

    def test_sqlite_fills_and_queries_a_table(self):
        done, report = self.assert_same_and_exact([tracked.installed("sqlite3"), "table.db", SQL])
        self.assertIn(b"200000|name 1|name 99999|", done.stdout)
        (process,) = report["processes"]
        self.assertGreater(tracked.host(process)["allocations"], 1000)

    def test_git_commits_and_repacks(self):
        tracked.installed("git")
        done, report = self.assert_same_and_exact(["sh", "-c", GIT], GIT_ENVIRONMENT)
        self.assertEqual(done.returncode, 0)
        self.assertLessEqual({"git", "sh", "seq"}, self.names(report))
        self.assertGreaterEqual(len(tracked.named(report, "git")), 12)

    def test_the_compiler_and_its_parts(self):
        source = self.folder / "source"
        source.mkdir()
        (source / "replace.cpp").write_text(CPP)
        command = [tracked.installed("g++"), "-O2", "replace.cpp", "-o", "replace"]
        _, report = self.assert_same_and_exact(command, folder=source)
        for part in ("g++", "cc1plus", "as", "collect2", "ld"):
            self.assertEqual(len(tracked.named(report, part)), 1, self.names(report))
        self.assertGreater(tracked.host(tracked.named(report, "cc1plus")[0])["allocations"], 500_000)
        made = tracked.run([str(self.folder / "tracked" / "place" / "replace")])
        self.assertEqual(made.stdout, b"one Tw Th\n")

    def test_a_pipeline_of_ten(self):
        _, report = self.assert_same_and_exact(["bash", "-c", PIPELINE])
        parts = {"seq", "sort", "grep", "sed", "tr", "cut", "uniq", "head", "cat"}
        self.assertLessEqual(parts, self.names(report))
        awk = {name for name in self.names(report) if name.endswith("awk")}
        self.assertEqual(len(awk), 1)

    def talk_to_redis(self, start):
        """Starts a server, works with it, ends it: what clients saw, and what start gave."""
        socket = self.folder / "redis.sock"
        server = [tracked.installed("redis-server"), "--port", "0", "--unixsocket", str(socket), "--save", "",
                  "--appendonly", "no", "--daemonize", "no", "--logfile", str(self.folder / "log")]  # fmt: skip
        client = [tracked.installed("redis-cli"), "-s", str(socket)]
        output = self.folder / f"report-{tracked.instance_name()}.json"
        process = subprocess.Popen(start(server, output), env=tracked.ENVIRONMENT, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)  # fmt: skip
        while tracked.run([*client, "ping"], stderr=subprocess.DEVNULL).stdout != b"PONG\n":
            self.assertIsNone(process.poll(), "the server ended before it answered")
            time.sleep(0.02)
        benchmark = [tracked.installed("redis-benchmark"), "-s", str(socket), "-q", "-n", "20000", "-r", "5000", "-d", "100"]
        self.assertEqual(tracked.run([*benchmark, "-t", "set,get,lpush,lpop,hset"]).returncode, 0)
        answers = [tracked.run([*client, *words]).stdout for words in (
            ["flushall"], ["set", "a", "x" * 1000], ["append", "a", "yz"], ["strlen", "a"], ["lpush", "l", "1", "2", "3"],
            ["lrange", "l", "0", "-1"], ["dbsize"], ["shutdown", "nosave"],
        )]  # fmt: skip
        process.communicate()
        return answers, process.returncode, output

    def test_redis_under_its_benchmark(self):
        plain = self.talk_to_redis(lambda command, _: command)
        run = [str(tracked.BIN / "tidemark"), "run", "--json", "-o"]
        under_tidemark = self.talk_to_redis(lambda command, output: [*run, str(output), "--", *command])
        self.assertEqual(under_tidemark[:2], plain[:2])
        report = tracked.report(under_tidemark[2])
        self.assert_exact(report)
        (process,) = report["processes"]
        self.assertEqual(process["name"], "redis-server")
        self.assertGreater(tracked.host(process)["allocations"], 50_000)


if __name__ == "__main__":
    unittest.main()
