# SPDX-License-Identifier: Apache-2.0
"""The examples that report buffers do, and the commands of README.md do what it shows: each `$` line of its console
blocks is run, in order, in a folder and an instance of its own, and must end with the status that stands behind it
(`# exit status N`, else 0). Lines of a shown output that hold no figures must be in the real one."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from documents import BIN, ROOT, blocks

INSTANCE = f"test-{os.getpid()}-docs"
STATUS = re.compile(r"# exit status ([\d or]+)")
BOX = re.compile(r"[│╭╮╰╯├┤─]")


def environment(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEMARK_", "TT_", "LD_"))}
    kept.update(
        PATH=f"{BIN}:/usr/bin:/bin", TIDEMARK_INSTANCE=INSTANCE, PYTHONMALLOC="malloc", HOME=str(folder),
        XDG_CONFIG_HOME=str(folder), PYTHONDONTWRITEBYTECODE="1", COLUMNS="80", LC_ALL="C.UTF-8", TERM="dumb",
    )  # fmt: skip
    return kept


def steps():
    """[(command, statuses, shown output)] of README.md."""
    found = []
    for language, code in blocks((ROOT / "README.md").read_text(encoding="utf-8")):
        if language != "console":
            continue
        for line in code.splitlines():
            if not line.startswith("$ "):
                found[-1][2].append(line)
                continue
            status = STATUS.search(line)
            statuses = [int(word) for word in status[1].split() if word != "or"] if status else [0]
            found.append((line[2:].split("    #")[0], statuses, []))
    return found


def words(line):
    return " ".join(BOX.sub(" ", line).split())


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tidemark-docs."))
        (self.folder / "examples").symlink_to(ROOT / "examples")
        self.environment = environment(self.folder)
        self.addCleanup(self.clean)

    def clean(self):
        self.run_line("tidemarkd --stop")
        for left in Path("/dev/shm").glob(f"tidemark.{INSTANCE}.*"):
            left.unlink(missing_ok=True)
        shutil.rmtree(self.folder)

    def run_line(self, line):
        return subprocess.run(
            ["sh", "-c", line], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100,
        )  # fmt: skip

    def test_readme(self):
        self.assertGreater(len(steps()), 5)
        for line, statuses, shown in steps():
            with self.subTest(command=line):
                done = self.run_line(line)
                self.assertIn(done.returncode, statuses, done.stdout)
                real = [words(text) for text in done.stdout.splitlines()]
                for text in map(words, shown):
                    if text and not re.search(r"\d", text):
                        self.assertIn(text, real)

    def test_examples_that_report_buffers(self):
        expected = {"c": ("weights", 4, 3, 10 << 20, 4 << 20), "cpp": ("L1", 3, 3, 6144, 0)}
        for language, (pool, allocations, frees, total, left) in expected.items():
            with self.subTest(language=language):
                out = f"track_{language}.json"
                done = self.run_line(f"tidemark run -q --json -o {out} -- {BIN}/example.track_{language}")
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertRegex(done.stdout, r"(: |, )published\n")
                report = json.loads((self.folder / out).read_text(encoding="utf-8"))
                device = next(d for d in report["devices"] if d["device"] == 0)
                self.assertEqual(device["name"], "example card")
                row = next(p for p in device["pools"] if p["pool"] == pool)
                self.assertEqual((row["allocations"], row["frees"], row["total_allocated"]), (allocations, frees, total))
                self.assertTrue(row["exact"] and row["peak_exact"])
                self.assertEqual(sum(leak["size"] for leak in report["leaks"] if leak["device"] == 0), left)


if __name__ == "__main__":
    unittest.main(verbosity=2)
