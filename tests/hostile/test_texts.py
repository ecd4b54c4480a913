# SPDX-License-Identifier: Apache-2.0
"""Names that a program chose (its own, its command line, pools, devices, files under our prefix) with terminal escapes, line
ends and bytes that are no UTF-8: whatever shows them, to people, scripts or a log, shows no control character."""
import csv
import io
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from world import BIN, PYTHON, Program, World, run  # noqa: E402

EVIL = "\x1b[2J\x1b]0;x\x07\r\nerror: \x7f\u009b31m,\"'<b>"
# C0 without the line end, DEL, C1.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
SETUP = (
    "import ctypes, os; from tidemark import producer; "
    f"ctypes.CDLL(None).prctl(15, {EVIL[:9].encode()!r}, 0, 0, 0); "
    f"pool = producer.name_pool({EVIL[:12]!r}, 'DRAM'); producer.declare_device(0, {EVIL!r}); "
    "producer.allocation(0, pool, 7, 100); producer.allocation(0, 'DRAM', 8, 50); producer.flush(20)"
)


class Texts(World):
    def assert_plain(self, what, text):
        self.assertTrue(text, what)
        self.assertIsNone(CONTROL.search(text), (what, text))
        self.assertFalse([line for line in text.splitlines() if line.startswith("error: ")], (what, text))

    def start_logged(self):
        self.log = self.folder / "log"
        socket = self.folder / "older.sock"
        ready, theirs = os.pipe()
        words = [BIN / "tidemarkd", "-v", "-v", "--instance", self.instance, f"--legacy-socket={socket}"]
        words += ["--event-log", self.folder / "events", "--leak-log", self.folder / "leaks", "--ready-fd", str(theirs)]
        with open(self.log, "w", encoding="utf-8") as log:
            self.collector = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log, pass_fds=[theirs])
        os.close(theirs)
        self.assertTrue(os.read(ready, 1))
        os.close(ready)
        self.addCleanup(self.collector.wait)
        self.addCleanup(self.collector.terminate)

    def junk(self):
        path = "/dev/shm/tidemark.ring." + EVIL.replace("/", "") + str(os.getpid())
        with open(path, "wb") as file:
            file.write(b"x" * 100)
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))

    def test_no_output_shows_a_control_character_that_a_program_chose(self):
        self.start_logged()
        self.junk()
        with Program(self.environment, ["/usr/bin/env", f"EVIL={EVIL}"]) as program:
            program.do(SETUP)
            self.shown()
        for verb in (["leaks"], ["leaks", "--json"], ["leaks", str(self.folder / "leaks")]):
            self.assert_plain(verb, self.tidemark(*verb)[1])
        self.collector.terminate()
        self.collector.wait()
        for name in ("log", "events", "leaks"):
            text = (self.folder / name).read_bytes().decode("utf-8")
            self.assert_plain(name, text)
            if name != "log":
                self.assertTrue(all(isinstance(json.loads(line), dict) for line in text.splitlines()), name)

    def shown(self):
        verbs = [
            ["smi"], ["smi", "--ascii"], ["monitor", "-1"], ["query", "--json"], ["query", "--csv"], ["query", "--format", "proc"],
            ["query", "--query", "pid,name,command,pool,allocated"], ["buffers"], ["buffers", "--json"], ["buffers", "--csv"],
            ["doctor"], ["doctor", "--json"],
        ]  # fmt: skip
        for verb in verbs:
            with self.subTest(verb=verb):
                _, out, err = self.tidemark(*verb)
                self.assertTrue(out, err)
                self.look(verb, out)
        done = run([BIN / "tidemark", "run", "--", PYTHON, "-c", SETUP.replace("flush(20)", "flush(2000)")], self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_plain("run", done.stderr)

    def look(self, verb, out):
        if "--json" in verb:
            json.loads(out)
            self.assert_plain(verb, out)
        elif "--csv" in verb or "--query" in verb:
            # A field is data as it is, but for what a terminal would obey.
            rows = list(csv.reader(io.StringIO(out)))
            self.assertEqual({len(row) for row in rows}, {len(rows[0])}, out)
            self.assert_plain(verb, out)
        else:
            self.assert_plain(verb, out)


if __name__ == "__main__":
    unittest.main()
