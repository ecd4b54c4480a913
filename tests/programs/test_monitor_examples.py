# SPDX-License-Identifier: Apache-2.0
"""The examples on the older monitor's class print what they say, without a collector and without any variable set."""
import os
import re
import subprocess
import unittest
from pathlib import Path

BIN = Path(os.environ.get("TIDEMARK_BIN_DIR", "bin")).resolve()
EXPECTED = {
    "simple_query": "DRAM: 67108864 bytes in 1 buffers\n",
    "track_changes": """\
DRAM     +2097152 bytes, at most 10485760
L1       +0 bytes, at most 1048576
buffers  +1, 3 allocated, 2 freed
""",
    "several_devices": """\
device 0: 1048576 bytes in 1 buffers
device 1: 2097152 bytes in 2 buffers
device 2: 3145728 bytes in 3 buffers
device 3: 4194304 bytes in 4 buffers
""",
    "by_buffer_type": """\
DRAM            1048576 bytes   51.6 %
L1               524288 bytes   25.8 %
SYSTEM_MEMORY    262144 bytes   12.9 %
L1_SMALL         131072 bytes    6.5 %
TRACE             65536 bytes    3.2 %
""",
}


def run(name, *arguments):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TIDEMARK_", "TT_", "LD_"))}
    command = [BIN / f"example.{name}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=kept, timeout=60)


class Examples(unittest.TestCase):
    def test_figures(self):
        for name, expected in EXPECTED.items():
            with self.subTest(example=name):
                done = run(name)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, expected, ""))

    def test_the_loop_ends_by_itself_and_sees_the_threshold_passed(self):
        done = run("real_time_loop", "30", "20")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 30)
        held = [int(re.match(r"DRAM +(\d+) bytes", line)[1]) for line in lines]
        for line, size in zip(lines, held):
            self.assertEqual("above the threshold" in line, size > 4 << 20)
            self.assertLessEqual(size, 9 << 20)
        self.assertGreater(held[-1], 0)

    def test_whether_tracy_is_there(self):
        done = run("tracy_information")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^Tracy: (yes|no); .*\nDRAM: 1048576 bytes, with Tracy or without\n$")

    def test_leaks_are_listed_and_a_clean_loop_has_none(self):
        done = run("leak_check")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(re.findall(r"leaked: (0x\w+), 4096 bytes", done.stdout), ["0x13000", "0x17000"])
        self.assertTrue(done.stdout.endswith("2 buffers leaked\n"))
        done = run("leak_check", "clean")
        self.assertEqual((done.returncode, done.stdout), (0, "0 buffers leaked\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
