# SPDX-License-Identifier: Apache-2.0
"""`tidemark run` loses nothing when its collector is killed in the middle: on real programs the report equals that of a
run without a kill, to the byte. TIDEMARK_SEED=<n> begins another storm; TIDEMARK_TORTURE=<minutes> makes it long."""
import os
import random
import signal
import subprocess
import time
import unittest

import tracked

SEED = int(os.environ.get("TIDEMARK_SEED", "4"))
UNTIL = time.monotonic() + 60 * float(os.environ.get("TIDEMARK_TORTURE", "0"))
KILLS = 3  # after so many `tidemark run` gives its collector up, and says so

SQL = """
CREATE TABLE measure(id INTEGER PRIMARY KEY, name TEXT, value REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO measure SELECT i, 'name ' || (i * 7919 % 200003), i / 3.0 FROM n;
CREATE INDEX by_name ON measure(name);
SELECT count(*), min(name), max(name), round(sum(value), 2) FROM measure;
"""
PYTHON = "print(sum(len(str([i] * (i % 50))) for i in range(60000)))"
PERL = "my %h; $h{$_ % 5000} .= 'x' x ($_ % 40) for 1 .. 200000; print scalar(keys %h), qq(\\n);"

COMMANDS = {
    "sqlite3": (["sqlite3", ":memory:", SQL], {}),
    "python3": (["python3", "-I", "-c", PYTHON], {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
    "perl": (["perl", "-e", PERL], {"PERL_HASH_SEED": "0"}),
}


def figures(report):
    """All that doesn't depend on when it ran or under which number."""
    processes = []
    for process in report["processes"]:
        usage = [{k: v for k, v in u.items()} for u in process["usage"]]
        processes.append((process["command"], process["events"], process["exact"], usage))
    return sorted(processes, key=str)


def collector_of(run_pid):
    try:
        with open(f"/proc/{run_pid}/task/{run_pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                with open(f"/proc/{child}/comm", encoding="ascii") as comm:
                    if comm.read().strip() == "tidemarkd":
                        return int(child)
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


class RunStorm(tracked.TrackedTest):
    def undisturbed(self, command, environment):
        done, report = self.tracked(command, environment)
        self.assert_exact(report)
        return done.stdout, figures(report)

    def disturbed(self, command, environment, moments):
        """The same with its collector killed at these moments, in seconds from the start. How many kills there were."""
        output = self.folder / f"storm-{tracked.instance_name()}.json"
        wrapped = [str(tracked.BIN / "tidemark"), "run", "--json", "-o", str(output), "--", *command]
        started = time.monotonic()
        process = subprocess.Popen(
            wrapped,
            env={**tracked.ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        kills = 0
        for moment in sorted(moments):
            while process.poll() is None and time.monotonic() - started < moment:
                time.sleep(0.002)
            pid = collector_of(process.pid)
            if process.poll() is None and pid is not None:
                os.kill(pid, signal.SIGKILL)
                kills += 1
        stdout, stderr = process.communicate()
        self.assertEqual(process.returncode, 0, stderr)
        report = tracked.report(output)
        self.assert_nothing_lost(report)
        return kills, stdout, figures(report)

    def test_a_program_s_environment_is_as_long_under_a_process_number_of_one_digit(self):
        """Or a program that copies its environment would show other figures when process numbers begin anew."""
        begin_anew = ["unshare", "--pid", "--kill-child", "--mount-proc"]
        if subprocess.run([*begin_anew, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("process numbers that begin anew need root, and the right to mount")
        command = [str(tracked.BIN / "tidemark"), "run", "--", tracked.installed("env")]
        numbered = [*begin_anew, *command]
        texts = [tracked.run(words, stderr=subprocess.PIPE) for words in (command, numbered)]
        self.assertEqual([done.returncode for done in texts], [0, 0], texts)
        outside, inside = (sorted(done.stdout.split(b"\n")) for done in texts)
        self.assertNotEqual(outside, inside)
        self.assertEqual([len(line) for line in outside], [len(line) for line in inside], texts)

    def test_a_killed_collector_changes_no_figure_of_a_real_program(self):
        storm = random.Random(SEED)
        total = runs = 0
        expected = {}
        for name, (command, environment) in COMMANDS.items():
            words = [tracked.installed(command[0]), *command[1:]]
            begun = time.monotonic()
            first = self.undisturbed(words, environment)
            self.assertEqual(first, self.undisturbed(words, environment), f"{name} does not do the same each time")
            expected[name] = words, environment, first, (time.monotonic() - begun) / 2
        while runs < 6 or time.monotonic() < UNTIL:
            name = list(expected)[runs % len(expected)]
            words, environment, (stdout, wanted), seconds = expected[name]
            moments = [storm.uniform(0, seconds) for _ in range(storm.randint(1, KILLS))]
            with self.subTest(seed=SEED, run=runs, program=name, moments=moments):
                kills, said, seen = self.disturbed(words, environment, moments)
                self.assertEqual(said, stdout)
                self.assertEqual(seen, wanted)
                total += kills
            runs += 1
        print(f"seed {SEED}: {runs} runs, {total} collectors killed")
        self.assertGreater(total, 0)


if __name__ == "__main__":
    unittest.main()
