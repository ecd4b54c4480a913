# SPDX-License-Identifier: Apache-2.0
"""The examples that map the stats segment, on the golden one under an instance name of their own."""
import os
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = Path(os.environ.get("TIDEMARK_BIN_DIR", "bin"))
INSTANCE = f"test-{os.getpid()}-examples"
SEGMENT = Path(f"/dev/shm/tidemark.{INSTANCE}.stats")
EXPECTED = """\
device  pool                   allocated              peak        live
0       DRAM                     3145728           5242880           3
0       L1                         12288             20480           3
host    SYSTEM_MEMORY                300               500           3  (events were lost)
"""
EXAMPLES = {
    "C": [BIN / "example.map_stats_c"],
    "C++": [BIN / "example.map_stats_cpp"],
    "Python": [sys.executable, ROOT / "examples/map_stats.py"],
}


def run(language, instance):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "viewers/python")}
    return subprocess.run(EXAMPLES[language] + [instance], capture_output=True, text=True, env=environment, timeout=60)


class MapStats(unittest.TestCase):
    def test_each_prints_every_device_and_pool(self):
        self.addCleanup(SEGMENT.unlink)
        SEGMENT.write_bytes((HERE / "golden/stats-1.0.bin").read_bytes())
        for language in EXAMPLES:
            with self.subTest(language=language):
                done = run(language, INSTANCE)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, EXPECTED, ""))

    def test_each_says_that_no_collector_runs(self):
        for language in EXAMPLES:
            with self.subTest(language=language):
                done = run(language, INSTANCE)
                self.assertEqual((done.returncode, done.stdout), (3, ""))
                self.assertIn("no such segment: start the collector (tidemarkd)", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
