# SPDX-License-Identifier: Apache-2.0
"""The CI gate, as its own script and as one command, each shown to fail on a leaking test and to pass on a clean one; and
the plain-text table of each device that older gates read."""
import re
import unittest
from pathlib import Path

from world import BIN, PYTHON, ROOT, Program, World, run

GATE = ROOT / "examples/ci_gate.sh"
CLEAN = """
from tidemark import producer
def test_it():
    producer.allocation(0, "DRAM", 1, 3 << 20)
    producer.free(0, "DRAM", 1)
"""
LEAKING = CLEAN.replace('producer.free(0, "DRAM", 1)', "pass")
FAILING = CLEAN + "    assert False\n"
ONE_COMMAND = [BIN / "tidemark", "run", "--max-leak", "0", "--"]


class Gate(World):
    def through(self, gate, tests):
        (self.folder / "test_it.py").write_text(tests)
        env = {name: value for name, value in self.environment.items() if name not in ("TIDEMARK_INSTANCE", "TIDEMARK_ENABLED")}
        command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
        return run([*gate, *command], env, cwd=self.folder)

    def test_as_a_script(self):
        done = self.through([GATE], CLEAN)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertRegex(done.stdout, "1 passed[^\n]*\nnothing left allocated\n$")
        done = self.through([GATE], LEAKING)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("1 passed", done.stdout)
        self.assertRegex(
            done.stdout, r"left allocated:\n  device 0 DRAM: pid \d+ \(python3\) left 3145728 bytes \(buffers: 1\)\n$"
        )

    def test_as_a_script_it_passes_a_failure_on_and_leaves_nothing_behind(self):
        done = self.through([GATE], FAILING)
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 failed", done.stdout)
        self.assertIn("nothing left allocated", done.stdout)
        env = {name: value for name, value in self.environment.items() if name not in ("TIDEMARK_INSTANCE", "TIDEMARK_ENABLED")}
        done = run([GATE, "sh", "-c", "echo instance $TIDEMARK_INSTANCE; exit 7"], env)
        self.assertEqual(done.returncode, 7, done.stderr)
        instance = re.search(r"instance (\S+)", done.stdout)[1]
        self.assertEqual(list(Path("/dev/shm").glob(f"tidemark.{instance}.*")), [])
        done = run([GATE, "true"], env)
        self.assertEqual(done.returncode, 3)
        self.assertIn("nothing was tracked", done.stderr)

    def test_as_one_command(self):
        done = self.through(ONE_COMMAND, CLEAN)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.through(ONE_COMMAND, LEAKING)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("1 passed", done.stdout)
        self.assertRegex(done.stderr, r"DRAM.*3\.00 MB")
        done = self.through(ONE_COMMAND, FAILING)
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 failed", done.stdout)


class Table(World):
    """`tidemark query --format proc`: one table a device."""

    def tables(self):
        status, text, error = self.tidemark("query", "--format", "proc")
        self.assertEqual((status, error), (0, ""))
        tables = {}
        for block in text.split("\n\n"):
            title, columns, *rows = block.splitlines()
            tables[title.split()[1]] = [columns.split()] + [row.split() for row in rows]
        return tables

    def test_it_is_always_there_and_ends_with_a_total(self):
        config = self.folder / "tidemark.json"
        config.write_text('{"devices": [{"device": 0, "name": "card"}]}')
        self.assertEqual(self.daemon("--background", "--config", str(config)).returncode, 0)
        columns = ["PID", "COMMAND", "DRAM", "L1", "L1_SMALL", "TRACE", "BUFFERS"]
        self.assertEqual(self.tables()["0"], [columns, ["TOTAL", "0", "0", "0", "0", "0"]])
        self.assertEqual(self.tables()["host"], [["PID", "COMMAND", "SYSTEM_MEMORY", "BUFFERS"], ["TOTAL", "0", "0"]])

    def test_processes_add_up_and_a_killed_one_is_gone(self):
        self.start()
        with Program(self.environment) as first, Program(self.environment) as second:
            for program, size in ((first, 100), (second, 7)):
                program.do("from tidemark import producer")
                program.do(f"producer.allocation(0, 'DRAM', 1, {size}); producer.allocation(0, 'L1', 1, {size + 1})")
                program.do(f"producer.allocation(0, 'L1_SMALL', 1, {size + 2}); producer.allocation(0, 'TRACE', 1, {size + 3})")
                program.do("producer.flush()")
            rows = self.tables()["0"][1:]
            self.assertEqual(
                sorted(rows),
                sorted([
                    [str(first.pid), "python3", "100", "101", "102", "103", "4"],
                    [str(second.pid), "python3", "7", "8", "9", "10", "4"], ["TOTAL", "107", "109", "111", "113", "8"],
                ]),
            )  # fmt: skip
            self.assertEqual(rows[-1][0], "TOTAL")
            second.process.kill()
            second.process.wait(60)
            while len(rows := self.tables()["0"][1:]) > 2:
                pass
            self.assertEqual(rows, [[str(first.pid), "python3", "100", "101", "102", "103", "4"], ["TOTAL", "100", "101", "102", "103", "4"]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
