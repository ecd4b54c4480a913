# SPDX-License-Identifier: Apache-2.0
"""Metrics of jobs that end before anybody scrapes them: files for node_exporter's textfile folder."""
import os
import unittest

import fleet
from fleet import BIN, FleetWorld, run


class Jobs(FleetWorld):
    def job(self, *flags, code="pass", name="nightly"):
        self.file = self.folder / f"{name}.prom"
        command = [BIN / "tidemark", "run", "-q", "--metrics-file", self.file, *flags, "--"]
        return run([*command, fleet.PYTHON, "-c", code], fleet.environment())

    def of_run(self, name):
        return fleet.metrics(self.file.read_text())[f"tidemark_run_{name}"]

    def test_a_finished_run_is_there_to_be_scraped(self):
        held = "p.allocation(0, 'DRAM', 1, 700); p.allocation(0, 'DRAM', 2, 300); p.free(0, 'DRAM', 1)"
        done = self.job(code=f"from tidemark import producer as p; {held}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        checked = fleet.promtool("check", "metrics", text=self.file.read_text())
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        dram = frozenset({("run", "nightly"), ("device", "0"), ("memory", "DRAM"), ("pool", "DRAM")})
        for name, value in {"peak_bytes": 1000, "allocated_bytes": 1000, "allocations": 2, "left_bytes": 300,
                            "left_buffers": 1, "exact": 1}.items():  # fmt: skip
            self.assertEqual(self.of_run(f"pool_{name}")[dram], value, name)
        label = frozenset({("run", "nightly")})
        self.assertEqual(self.of_run("exit_status")[label], 0)
        self.assertEqual(self.of_run("tracked")[label], 1)
        self.assertEqual(os.listdir(self.folder), ["nightly.prom"])

    def test_the_next_run_replaces_it_and_tells_its_limits(self):
        self.job()
        before = self.file.stat().st_ino
        leak = "from tidemark import producer as p; p.allocation(0, 'L1', 1, 4096)"
        self.assertEqual(self.job("--max-leak", "1K", code=leak).returncode, 1)
        self.assertNotEqual(self.file.stat().st_ino, before)
        self.assertEqual(list(self.of_run("limits_exceeded").values()), [1])
        self.assertEqual(list(self.of_run("exit_status").values()), [0])
        self.assertEqual(self.job(code="raise SystemExit(7)").returncode, 7)
        self.assertEqual(list(self.of_run("exit_status").values()), [7])

    def test_a_command_that_is_gone_replaces_what_the_last_run_said(self):
        self.job()
        for command, status in (("/no/such/command", 127), ("/etc/passwd", 126)):
            flags = ["-q", "--metrics-file", self.file, "--max-peak", "1K"]
            done = run([BIN / "tidemark", "run", *flags, "--", command], fleet.environment())
            self.assertEqual(done.returncode, status)
            found = fleet.metrics(self.file.read_text())
            known = ("tracked", "exit_status", "end_time_seconds")
            self.assertEqual(list(found), [f"tidemark_run_{name}" for name in known])
            self.assertEqual(list(self.of_run("exit_status").values()), [status])
            self.assertEqual(list(self.of_run("tracked").values()), [0])

    def test_two_jobs_in_one_folder_have_no_series_in_common(self):
        self.job(name="a")
        first = fleet.metrics(self.file.read_text())
        self.job(name="b")
        for name, series in fleet.metrics(self.file.read_text()).items():
            self.assertFalse(set(series) & set(first.get(name, {})), name)

    def test_a_folder_that_is_not_there_is_told(self):
        command = [BIN / "tidemark", "run", "-q", "--metrics-file", self.folder / "no/x.prom", "--", "true"]
        done = run(command, fleet.environment())
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "^tidemark: cannot write .*no/x.prom: No such file or directory; .*\n$")

    def test_query_into_a_file_again_and_again(self):
        self.start()
        file = self.folder / "node.prom"
        done = self.tidemark("query", "--format", "prometheus", "-o", file, "-f", "-w", "-r", "50", "-n", "3")
        self.assertEqual(done, (0, "", ""))
        self.assertEqual(list(fleet.metrics(file.read_text())["tidemark_up"].values()), [1])
        self.daemon("--stop")
        self.assertEqual(self.tidemark("query", "--format", "prometheus", "-o", file, "-f")[0], 3)
        self.assertEqual(list(fleet.metrics(file.read_text())["tidemark_up"].values()), [0])
        self.assertEqual(os.listdir(self.folder), ["node.prom"])


if __name__ == "__main__":
    fleet.require("promtool", "prometheus")
    unittest.main(verbosity=2)
