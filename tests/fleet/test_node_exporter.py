# SPDX-License-Identifier: Apache-2.0
"""Debian's node_exporter reads the files that Tidemark leaves in its textfile folder, and passes every figure on."""
import signal
import subprocess
import unittest
import urllib.error

import fleet
from fleet import BIN, FleetWorld, run


def without_empty(series):
    """The exporter gives all series of a name the same labels; an empty label is none to Prometheus."""
    return {frozenset((name, value) for name, value in key if value): figure for key, figure in series.items()}


class NodeExporter(FleetWorld):
    def export(self):
        """The address of an exporter of self.files that runs until the test ends."""
        self.log = self.folder / "exporter.log"
        address = f"127.0.0.1:{fleet.free_port()}"
        log = self.enterContext(open(self.log, "wb"))
        process = subprocess.Popen(
            ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
             f"--collector.textfile.directory={self.files}", "--web.disable-exporter-metrics",
             f"--web.listen-address={address}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"},
        )  # fmt: skip
        self.enterContext(fleet.ended(process))
        self.exporter = process
        return address

    def scraped(self, address):
        self.assertIsNone(self.exporter.poll(), self.log.read_text())
        try:
            return fleet.metrics(self.get(address, "/metrics"))
        except urllib.error.URLError:
            return None

    def test_it_passes_on_what_runs_and_what_has_ended(self):
        self.start()
        self.files = self.folder / "textfile"
        self.files.mkdir()
        program = self.enterContext(fleet.Program(self.environment))
        program.do("from tidemark import producer as p; p.allocation(0, 'DRAM', 1, 4096); p.flush()")
        query = ["query", "--format", "prometheus", "--pid-label", "-o", self.files / "tidemark.prom", "-f"]
        self.assertEqual(self.tidemark(*query), (0, "", ""))
        for name in ("nightly", "weekly"):
            code = "from tidemark import producer as p; p.allocation(0, 'L1', 1, 300)"
            job = [BIN / "tidemark", "run", "-q", "--metrics-file", self.files / f"{name}.prom", "--"]
            self.assertEqual(run([*job, fleet.PYTHON, "-c", code], fleet.environment()).returncode, 0)
        address = self.export()
        seen = fleet.wait_until(lambda: self.scraped(address), self.log.read_text)
        self.assertEqual(seen["node_textfile_scrape_error"], {frozenset(): 0}, self.log.read_text())
        self.assertEqual(seen["tidemark_up"], {frozenset(): 1})
        for file in self.files.iterdir():
            for name, series in fleet.metrics(file.read_text()).items():
                passed_on, series = without_empty(seen[name]), without_empty(series)
                self.assertEqual(series, {key: passed_on.get(key) for key in series}, f"{file.name}: {name}")

    def test_a_file_is_not_left_behind_by_its_writer(self):
        self.start()
        file = self.folder / "tidemark.prom"
        query = [BIN / "tidemark", "query", "--format", "prometheus", "-w1", "-o", file]
        for number, stays in ((signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGKILL, True)):
            writer = subprocess.Popen(query, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            fleet.wait_until(file.exists, "the first figures")
            writer.send_signal(number)
            writer.wait(fleet.PATIENCE)
            self.assertEqual(file.exists(), stays, number)
        (told,) = fleet.metrics(file.read_text())["tidemark_snapshot_time_seconds"].values()
        self.assertLess(abs(told - file.stat().st_mtime), 3600)


if __name__ == "__main__":
    fleet.require("prometheus-node-exporter", "prometheus-node-exporter")
    unittest.main(verbosity=2)
