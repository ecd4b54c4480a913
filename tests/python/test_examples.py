# SPDX-License-Identifier: Apache-2.0
"""Each older use as an example script: run as a user would, and shown to say what is true."""
import csv
import re
import signal
import subprocess
import time
import unittest

from world import BIN, PYTHON, ROOT, World, run

import tidemark

EXAMPLES = ROOT / "examples"
MB = 1 << 20


class Examples(World):
    def tracked(self, script, *arguments):
        return run([BIN / "tidemark", "run", "-q", "--", PYTHON, EXAMPLES / script, *arguments], self.environment)

    def test_a_leak_is_found_around_a_loop(self):
        done = self.tracked("leak_loop.py")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(
            done.stdout.splitlines(),
            [f"round {i} left 1.00 MB" for i in (3, 6, 9)] + [f"leaked: id {i:#x}, 1.00 MB in DRAM" for i in (3, 6, 9)]
            + ["in all 3.00 MB in 3 buffers"],
        )  # fmt: skip

    def test_a_long_loop_is_warned_at_a_threshold(self):
        done = self.tracked("threshold.py")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        steps = [34, 69]  # 35 buffers of 24 MB are the first above 80 % of 1 GB
        warnings = [f"step {step}: 840.00 MB of 1.00 GB in use, emptying the cache" for step in steps]
        self.assertEqual(done.stdout.splitlines(), warnings + ["finished"])

    def test_the_peak_around_a_benchmark(self):
        done = self.tracked("benchmark_peak.py")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^benchmark: \d+\.\d{3} s\n  0 DRAM: \+0 B, now 0 B, peak \+20.00 MB\n")
        self.assertIn("peak 20.00 MB, 100 allocations, 100 frees\n", done.stdout)

    def test_growth_is_asserted_in_a_test(self):
        for plugin in ([], ["--tidemark"]):
            command = [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tidemark.pytest_plugin", *plugin]
            env = {name: value for name, value in self.environment.items() if name != "TIDEMARK_ENABLED"}
            done = run([*command, EXAMPLES / "test_growth.py"], env)
            if plugin:
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn("2 passed", done.stdout)
                self.assertIn("limits checked: 1 test, 0 over a limit", done.stdout)
            else:
                self.assertIn("run it with pytest --tidemark", done.stdout)

    def test_three_processes_on_two_devices_end_by_themselves(self):
        self.start()
        done = run([PYTHON, EXAMPLES / "three_processes.py", "0"], self.environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(re.findall(r"^\w+, pid \d+: [\d.]+ MB on device [01]$", done.stdout, re.MULTILINE)), 3, done.stdout)
        self.assertEqual([d["dram_allocated"] for d in tidemark.query_all_devices(self.instance)], [0, 0])
        until = time.monotonic() + 60
        status, text = 0, ""
        while status == 0 and time.monotonic() < until:  # a leak is one once its program is known to have ended
            status, text, _ = self.tidemark("leaks", "--noheader")
        self.assertEqual(status, 1)
        self.assertRegex(text, r"TRACE.*16\.00 MB")

    def test_three_processes_without_a_collector_say_so(self):
        done = run([PYTHON, EXAMPLES / "three_processes.py", "0"], self.environment)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody saw it: training, inference, benchmark", done.stdout)

    def test_three_processes_are_watched_and_logged(self):
        self.start()
        log = self.folder / "log.csv"
        program = subprocess.Popen([PYTHON, EXAMPLES / "three_processes.py", "90"], env=self.environment, stdout=subprocess.PIPE, text=True)
        watch = subprocess.Popen([BIN / "tidemark", "smi", "-w", "-r", "100"], env=self.environment, stdout=subprocess.PIPE, text=True)
        try:
            pids = dict(program.stdout.readline().split(":")[0].split(", pid ") for _ in range(3))
            wanted = [(pids["training"], 640), (pids["inference"], 256), (pids["benchmark"], 96)]
            self.wait_for(watch, wanted)
            tidemark.append_snapshot(log, self.instance)
            status, _, error = self.tidemark("query", "--log", str(log), "--once")
            self.assertEqual((status, error), (0, ""))
        finally:
            for started, signal_number in ((watch, signal.SIGINT), (program, signal.SIGTERM)):
                started.send_signal(signal_number)
            program.communicate(timeout=60)
            watch.communicate(timeout=60)
        self.assertEqual(program.returncode, 0)
        rows = list(csv.DictReader(log.open()))
        self.assertEqual([row["device"] for row in rows], ["0", "1"] * 2)
        for row in rows:
            # One of 32 MB comes and goes in each program.
            held, most = (896, 2) if row["device"] == "0" else (96, 1)
            self.assertIn(int(row["dram"]), [(held + 32 * more) * MB for more in range(most + 1)])
            self.assertEqual(int(row["l1"]), 4 * MB if row["device"] == "0" else 0)

    def wait_for(self, watch, wanted):
        """Reads what the watching `tidemark smi` prints until it has shown each process with the DRAM that it holds."""
        missing = set(wanted)
        for line in watch.stdout:  # the row's first size is DRAM
            for pid, held in wanted:
                # It may hold 32 MB more at the moment.
                if re.search(rf"\b{pid}\b.* ({held}|{held + 32})\.00 MB", line):
                    missing.discard((pid, held))
            if not missing:
                return
        self.fail(f"never shown: {missing}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
