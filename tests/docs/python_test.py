# SPDX-License-Identifier: Apache-2.0
"""The code of docs/python.md runs: its blocks in order as one program under a collector, its tests under pytest; and what
it says of names is true."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from documents import BIN, ROOT, blocks

INSTANCE = f"test-{os.getpid()}-docs-python"
TEXT = (ROOT / "docs/python.md").read_text(encoding="utf-8")
LIBRARY = Path(os.environ["TIDEMARK_LIB_DIR"], "libtidemark_producer.so.0")


class Python(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tidemark-docs."))
        self.addCleanup(shutil.rmtree, self.folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEMARK_", "TT_", "LD_"))}
        self.environment = {
            **kept, "PATH": f"{BIN}:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "viewers/python"),
            "TIDEMARK_PRODUCER_LIBRARY": str(LIBRARY), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        self.code = [code for language, code in blocks(TEXT) if language == "python"]

    def run_command(self, *command, **more):
        done = subprocess.run(
            [str(word) for word in command], cwd=self.folder, env={**self.environment, **more}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def clean(self):
        self.run_command(BIN / "tidemarkd", "--stop", "--instance", INSTANCE)
        for left in Path("/dev/shm").glob(f"tidemark.{INSTANCE}.*"):
            left.unlink(missing_ok=True)

    def test_the_blocks_run_as_one_program(self):
        program = [code for code in self.code if "def test_" not in code]
        self.assertEqual(len(program), 3)
        # A buffer before the first block, so that its loops have something to show.
        before = "from tidemark import producer\nproducer.allocation(0, 'DRAM', 7, 450 << 20)\nproducer.flush()\n"
        (self.folder / "program.py").write_text(before + "\n".join(program))
        self.run_command(BIN / "tidemarkd", "--background", "--instance", INSTANCE)
        self.addCleanup(self.clean)
        out = self.run_command("python3", "program.py", TIDEMARK_INSTANCE=INSTANCE, TIDEMARK_ENABLED="1")
        for shown in (f"{450 << 20} 0 0 0\n", "0 450.00 MB\n", f"0x7 {450 << 20}", "load the model: ", "'full': Loss("):
            self.assertIn(shown, out)
        log = (self.folder / "memory.csv").read_text().splitlines()
        self.assertEqual((log[0], len(log)), ("timestamp,device,dram,l1", 4))

    def test_the_tests_run_under_pytest(self):
        (tests,) = (code for code in self.code if "def test_" in code)
        (self.folder / "test_it.py").write_text(tests)
        out = self.run_command("python3", "-m", "pytest", "-p", "tidemark.pytest_plugin", "--tidemark", "test_it.py")
        self.assertIn("limits checked: 1 test, 0 over a limit", out)

    def test_what_is_named_exists(self):
        sys.path.insert(0, str(ROOT / "viewers/python"))
        import query_stats
        import tidemark
        import tracy_memory_monitor

        table = re.findall(r"^\| `(\w+)\(", TEXT, re.MULTILINE)
        self.assertGreater(len(table), 5)
        for name in table + ["NoCollectorError", "StatsError"]:
            self.assertTrue(hasattr(tidemark, name), name)
        for module in (query_stats, tracy_memory_monitor):
            line = TEXT.split(f"`{module.__name__}`")[1].split("\n\n")[0].split(". `")[0]
            for name in re.findall(r"`(\w+)`", line):
                if name != "TIDEMARK_LEGACY_SOCKET":
                    self.assertTrue(hasattr(module, name), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
